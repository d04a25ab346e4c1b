// The evidence viewer: pages, pictures, video, sound and reading views of one piece.
//
//   const viewer = mountViewer(root, parts, { words, onMark, onPage });
//   viewer.update(parts); viewer.place(); viewer.turn({ part, kind, place }); viewer.destroy();
//   mountViewer.prefetch(parts)   loads the first pages and texts of the piece that comes next
//
// `root` is an element with a height, which the viewer fills. Nothing is fetched but the
// addresses of the parts, all of which are of this site; texts are set as text, never as markup.
function viewOf(part, reading) {
  if (part.kind === "pages" && reading) return readingView;
  if (part.kind === "pages" || part.kind === "image") return pagesView;
  if (part.kind === "video" || part.kind === "audio") return mediaView;
  if (part.kind === "reading" || part.kind === "text") return readingView;
  return nothingView;
}

function mount(root, given, callbacks = {}) {
  const words = callbacks.words || {};
  const shell = make("section", "wv-viewer");
  const tabs = make("div", "wv-tabs");
  const bar = make("div", "wv-bar");
  const notes = make("div", "wv-notes");
  const stage = make("div", "wv-stage");
  shell.setAttribute("aria-label", words.viewer || "");
  tabs.setAttribute("role", "tablist");
  stage.tabIndex = 0;
  shell.append(tabs, bar, notes, stage);
  root.append(shell);

  let parts = [];
  let chosen = 0;
  let reading = false;
  let shown = null;
  let seen = "";
  const viewer = {
    words,
    stage,
    bar,
    tell: (name, event) => callbacks[name] && callbacks[name]({ part: chosen, ...event }),
  };

  const clear = () => {
    if (shown) shown.end();
    shown = null;
    bar.replaceChildren();
    notes.replaceChildren();
    stage.replaceChildren();
    stage.classList.remove("wv-wide");
    stage.scrollTop = 0;
    stage.scrollLeft = 0;
  };

  const drawNotes = (part) => {
    (part.labels || []).forEach((label) => notes.append(make("div", "wv-label", label)));
    (part.notices || []).forEach((notice) => notes.append(make("div", "wv-notice", notice)));
    notes.hidden = !notes.firstChild;
  };

  const draw = () => {
    clear();
    const part = parts[chosen];
    if (!part) {
      notes.hidden = true;
      stage.append(make("div", "wv-nothing", words.empty));
      return;
    }
    if (part.kind === "pages" && part.reading) {
      const pair = make("div", "wv-group wv-switch");
      [false, true].forEach((asText) => {
        const name = asText ? words.reading : words.pages;
        const each = button(asText ? "wv-as-text" : "wv-as-pages", name, name, () => {
          reading = asText;
          draw();
        });
        each.setAttribute("aria-pressed", String(asText === reading));
        pair.append(each);
      });
      bar.append(pair);
    }
    drawNotes(part);
    shown = viewOf(part, reading)(viewer, part);
    bar.hidden = !bar.firstChild;
  };

  const drawTabs = () => {
    tabs.replaceChildren(
      ...parts.map((part, index) => {
        const tab = button("wv-tab", part.title, part.title, () => choose(index));
        tab.setAttribute("role", "tab");
        tab.setAttribute("aria-selected", String(index === chosen));
        if (part.blind === false) tab.append(make("span", "wv-badge", words.not_blind));
        return tab;
      }),
    );
    tabs.hidden = parts.length < 2 && !(parts[0] && parts[0].blind === false);
  };

  const choose = (index) => {
    chosen = index;
    reading = false;
    drawTabs();
    draw();
  };

  const update = (next) => {
    const told = JSON.stringify(next || []);
    if (told === seen) return;
    seen = told;
    parts = JSON.parse(told);
    choose(0);
  };
  /** Show a place: page, slide, second or paragraph of a part (from 1). */
  const turn = (to) => {
    const part = parts[to.part - 1];
    if (!part) return;
    const asText = to.kind === "paragraph" && part.kind === "pages";
    if (chosen !== to.part - 1 || asText !== reading) {
      chosen = to.part - 1;
      reading = asText;
      drawTabs();
      draw();
    }
    if (shown.turn) shown.turn(to.place);
  };
  update(given || []);
  if (!parts.length) draw();

  return {
    update,
    place: () => ({ part: chosen, ...(shown ? shown.place() : {}) }),
    show: (index) => index >= 0 && index < parts.length && choose(index),
    turn,
    focus: () => stage.focus(),
    destroy: () => {
      clear();
      shell.remove();
    },
  };
}

mount.prefetch = (parts, pages = 3) => {
  (parts || []).forEach((part) => {
    if (part.kind === "reading" && part.reading) {
      fetch(ours(part.reading), { credentials: "same-origin", priority: "low" }).catch(() => {});
    }
    (part.pages || []).slice(0, pages).forEach((page) => {
      const image = new Image();
      image.fetchPriority = "low";
      image.src = ours(page.url);
    });
  });
};
