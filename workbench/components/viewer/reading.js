// The reading view: words and their structure in larger type; and what cannot be shown at all.
const TYPE_SIZES = [15, 17, 20, 24, 29];

const covered = (element, text) => {
  text.split(/(■+)/).forEach((piece) => {
    if (piece) element.append(piece[0] === "■" ? make("span", "wv-cover", piece) : piece);
  });
  return element;
};

const table = (block) => {
  const holder = make("div", "wv-table");
  const grid = make("table");
  const widest = Math.max(1, ...block.rows.map((row) => row.length));
  block.rows.forEach((row) => {
    const line = make("tr");
    row.forEach((cell, index) => {
      const place = covered(make("td"), cell);
      if (index === row.length - 1 && row.length < widest) place.colSpan = widest - index;
      line.append(place);
    });
    grid.append(line);
  });
  holder.append(grid);
  return holder;
};

function blockView(block, part, words) {
  switch (block.kind) {
    case "heading":
      return covered(make(`h${Math.min(5, (block.level || 1) + 1)}`), block.text);
    case "table":
      return table(block);
    case "picture": {
      const image = make("img", "wv-inline");
      image.loading = "lazy";
      image.alt = "";
      if (block.width) image.width = block.width;
      image.src = ours(`${part.base || ""}${block.file}`);
      return image;
    }
    case "page":
      return make("div", "wv-divide", words.slide.replace("{number}", String(block.level)));
    case "note":
      return covered(make("p", "wv-note"), `${words.note} ${block.text}`);
    default:
      return covered(make("p"), block.text || "");
  }
}

function readingView(viewer, part) {
  const { words, stage, bar } = viewer;
  const sheet = make("article", "wv-reading");
  stage.append(sheet);
  let size = 1;
  const show = () => sheet.style.setProperty("--wv-type", `${TYPE_SIZES[size]}px`);
  const grow = (way) => {
    size = Math.min(TYPE_SIZES.length - 1, Math.max(0, size + way));
    show();
  };
  const group = make("div", "wv-group");
  group.append(
    button("wv-out", "A−", words.zoom_out, () => grow(-1)),
    button("wv-in", "A+", words.zoom_in, () => grow(1)),
  );
  bar.append(group);
  show();
  let wanted = 0; // paragraph to turn to as soon as the text is there
  const turn = (paragraph) => {
    const block = sheet.children[paragraph - 1];
    wanted = block ? 0 : paragraph;
    if (!block) return;
    stage.scrollTop = block.offsetTop - 8;
    block.classList.add("wv-found");
    block.addEventListener("animationend", () => block.classList.remove("wv-found"), { once: true });
  };
  /** First paragraph whose end is in view below the upper edge; none while nothing is drawn. */
  const shown = () => {
    const edge = stage.scrollTop + 12;
    const place = [...sheet.children].findIndex((block) => block.offsetTop + block.offsetHeight > edge);
    return blocks.length && place >= 0 ? { paragraph: place + 1 } : {};
  };
  let blocks = [];
  const draw = (given) => {
    blocks = given;
    sheet.replaceChildren(...given.map((each) => blockView(each, part, words)));
    if (wanted) turn(wanted);
  };
  const stop = new AbortController();
  const fetchBlocks = () =>
    fetch(ours(part.reading), { credentials: "same-origin", signal: stop.signal })
      .then((answer) => (answer.ok ? answer.json() : Promise.reject(new Error(String(answer.status)))))
      .then((told) => draw(told.blocks))
      .catch((error) => {
        if (error.name === "AbortError") return;
        const note = make("div", "wv-failed", words.failed);
        note.append(button("wv-retry", words.retry, words.retry, fetchBlocks));
        sheet.replaceChildren(note);
      });
  if (part.blocks) draw(part.blocks);
  else if (part.text !== undefined) draw(part.text.split("\n").map((text) => ({ kind: "text", text })));
  else if (part.reading) fetchBlocks();
  const onWheel = (event) => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    grow(event.deltaY < 0 ? 1 : -1);
  };
  stage.addEventListener("wheel", onWheel, { passive: false });
  return {
    place: shown,
    turn,
    end: () => {
      stop.abort();
      stage.removeEventListener("wheel", onWheel);
    },
  };
}

function nothingView(viewer, part) {
  const { words, stage } = viewer;
  const sheet = make("div", "wv-nothing");
  const url = ours(part.url);
  if (url) {
    const link = make("a", "wv-link", `${words.open} ${part.title}`);
    link.href = url;
    link.target = "_blank";
    link.rel = "noopener";
    sheet.append(link);
  } else if (!(part.notices || []).length) {
    sheet.textContent = words.empty;
  }
  stage.append(sheet);
  return { place: () => ({}), end: () => {} };
}
