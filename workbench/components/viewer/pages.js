// Pages and pictures: loaded as they come near, zoomed towards the pointer, turned to by number.
const STEPS = [0.25, 0.33, 0.5, 0.67, 0.8, 1, 1.25, 1.5, 2, 3, 4];
const PAGE_DPI = 150;
const CSS_DPI = 96;

function pagesView(viewer, part) {
  const { words, stage, bar } = viewer;
  const pages = part.pages || [];
  const picture = part.kind === "image";
  const state = { mode: "fit", scale: 1, page: 1 };
  const strip = make("div", "wv-strip");
  stage.append(strip);

  const holders = pages.map((page, index) => {
    const holder = make("div", picture ? "wv-page wv-picture" : "wv-page");
    holder.dataset.page = String(index + 1);
    strip.append(holder);
    return holder;
  });

  const natural = (page) => (page.width || 1240) * (picture ? 1 : CSS_DPI / PAGE_DPI);
  const ratio = (page) => (page.height || 1754) / (page.width || 1240);
  const room = () => Math.max(160, stage.clientWidth - 24);
  const widthOf = (page) => {
    if (state.mode === "free") return natural(page) * state.scale;
    const widest = picture ? Math.min(room(), natural(page)) : room();
    if (state.mode === "fit") return widest;
    return Math.min(widest, Math.max(120, stage.clientHeight - 24) / ratio(page));
  };

  const load = (holder) => {
    if (holder.firstChild) return;
    const page = pages[Number(holder.dataset.page) - 1];
    const image = make("img", "wv-image");
    image.decoding = "async";
    image.draggable = false;
    image.alt = `${part.title} ${words.page} ${holder.dataset.page}`;
    image.addEventListener("load", () => {
      if (!page.width) {
        page.width = image.naturalWidth;
        page.height = image.naturalHeight;
        lay();
      }
      holder.classList.add("wv-loaded");
    });
    image.addEventListener("error", () => {
      const again = button("wv-retry", words.retry, words.retry, () => {
        holder.replaceChildren();
        load(holder);
      });
      const note = make("div", "wv-failed", words.failed);
      note.append(again);
      holder.replaceChildren(note);
    });
    image.src = ours(page.url);
    holder.replaceChildren(image);
  };

  const lay = () => {
    holders.forEach((holder, index) => {
      const width = Math.round(widthOf(pages[index]));
      holder.style.width = `${width}px`;
      holder.style.height = `${Math.round(width * ratio(pages[index]))}px`;
    });
    const shown = pages.length ? widthOf(pages[state.page - 1]) / natural(pages[state.page - 1]) : 1;
    percent.textContent = `${Math.round(shown * 100)}%`;
    stage.classList.toggle("wv-wide", stage.scrollWidth > stage.clientWidth + 1);
    fit.setAttribute("aria-pressed", String(state.mode === "fit"));
    whole.setAttribute("aria-pressed", String(state.mode === "whole"));
  };

  // The point under (x, y) of the stage stays where it is while everything grows.
  const zoom = (mode, scale, x = stage.clientWidth / 2, y = stage.clientHeight / 2) => {
    const across = (stage.scrollLeft + x) / Math.max(1, strip.scrollWidth);
    const down = (stage.scrollTop + y) / Math.max(1, strip.scrollHeight);
    state.mode = mode;
    state.scale = scale;
    lay();
    stage.scrollLeft = across * strip.scrollWidth - x;
    stage.scrollTop = down * strip.scrollHeight - y;
  };
  const current = () => widthOf(pages[state.page - 1]) / natural(pages[state.page - 1]);
  const step = (way, x, y) => {
    const now = current();
    const next =
      way > 0 ? STEPS.find((s) => s > now * 1.05) : [...STEPS].reverse().find((s) => s < now / 1.05);
    if (next) zoom("free", next, x, y);
  };

  const go = (number) => {
    const page = Math.min(Math.max(1, number || 1), pages.length);
    stage.scrollTop = holders[page - 1].offsetTop - 8;
    seen(page);
  };
  const seen = (page) => {
    if (page === state.page && field.value === String(page)) return;
    state.page = page;
    field.value = String(page);
    viewer.tell("onPage", { page });
  };

  const percent = make("span", "wv-percent", "100%");
  const fit = button("wv-fit", words.fit, words.fit, () => zoom("fit", 1));
  const whole = button("wv-whole", words.whole, words.whole, () => zoom("whole", 1));
  const field = make("input", "wv-jump");
  field.type = "text";
  field.inputMode = "numeric";
  field.value = "1";
  field.setAttribute("aria-label", words.page);
  field.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key === "Enter") go(Number.parseInt(field.value, 10));
  });
  field.addEventListener("change", () => go(Number.parseInt(field.value, 10)));
  const zooming = make("div", "wv-group");
  zooming.append(
    button("wv-out", "−", words.zoom_out, () => step(-1)),
    percent,
    button("wv-in", "+", words.zoom_in, () => step(1)),
    fit,
    whole,
  );
  bar.append(zooming);
  if (pages.length > 1) {
    const jumping = make("div", "wv-group");
    jumping.append(
      button("wv-previous", "‹", words.previous, () => go(state.page - 1)),
      make("span", "wv-word", words.page),
      field,
      make("span", "wv-word", words.of.replace("{count}", String(pages.length))),
      button("wv-next", "›", words.next, () => go(state.page + 1)),
    );
    bar.append(jumping);
  }

  const near = new IntersectionObserver(
    (entries) => entries.forEach((entry) => entry.isIntersecting && load(entry.target)),
    { root: stage, rootMargin: "150% 0px" },
  );
  holders.forEach((holder) => near.observe(holder));

  const onScroll = () => {
    const middle = stage.scrollTop + stage.clientHeight / 3;
    let page = 1;
    holders.forEach((holder, index) => {
      if (holder.offsetTop <= middle) page = index + 1;
    });
    if (pages.length) seen(page);
  };
  const onWheel = (event) => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    const edge = stage.getBoundingClientRect();
    step(event.deltaY < 0 ? 1 : -1, event.clientX - edge.left, event.clientY - edge.top);
  };
  const onKey = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "+" || event.key === "=") step(1);
    else if (event.key === "-") step(-1);
    else return;
    event.preventDefault();
  };
  let held = null;
  const onDown = (event) => {
    if (event.button !== 0 || !stage.classList.contains("wv-wide")) return;
    held = { x: event.clientX + stage.scrollLeft, y: event.clientY + stage.scrollTop };
    stage.setPointerCapture(event.pointerId);
  };
  const onMove = (event) => {
    if (!held) return;
    stage.scrollLeft = held.x - event.clientX;
    stage.scrollTop = held.y - event.clientY;
  };
  const onUp = () => {
    held = null;
  };
  const sized = new ResizeObserver(() => zoom(state.mode, state.scale, 0, 0));
  stage.addEventListener("scroll", onScroll, { passive: true });
  stage.addEventListener("wheel", onWheel, { passive: false });
  stage.addEventListener("keydown", onKey);
  stage.addEventListener("pointerdown", onDown);
  stage.addEventListener("pointermove", onMove);
  stage.addEventListener("pointerup", onUp);
  sized.observe(stage);
  if (pages.length) lay();
  return {
    place: () => ({ page: state.page }),
    turn: go,
    end: () => {
      near.disconnect();
      sized.disconnect();
      stage.removeEventListener("scroll", onScroll);
      stage.removeEventListener("wheel", onWheel);
      stage.removeEventListener("keydown", onKey);
      stage.removeEventListener("pointerdown", onDown);
      stage.removeEventListener("pointermove", onMove);
      stage.removeEventListener("pointerup", onUp);
    },
  };
}
