// The right pane: criteria in their two groups, a row each, with marks, words and the comment bank.

const MOST_ROOMY = 7; // criteria that fit on a low screen with a line of buttons each

/** Make an element; what is said is always text, never markup. */
function make(tag, look = "", said = "", attributes = {}) {
  const made = document.createElement(tag);
  if (look) made.className = look;
  if (said) made.textContent = said;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

/** Build the rows of a piece once; `paintSheet` brings them up to date without touching the caret. */
function buildSheet(desk) {
  const { view, words } = desk;
  const look = view.criteria.length > MOST_ROOMY ? "sheet dense" : "sheet";
  const sheet = make("div", look, "", { role: "list" });
  desk.rows = new Map();
  for (const level of ["pass", "excellent"]) {
    const group = view.criteria.filter((c) => c.level === level);
    if (!group.length) continue;
    const head = make("div", `group ${level}`);
    head.append(make("b", "", words[`${level}_group`]), make("span", "", words[`${level}_rule`]));
    sheet.append(head, ...group.map((c) => buildRow(desk, c)));
  }
  return sheet;
}

function buildRow(desk, criterion) {
  const { view, words } = desk;
  const number = view.criteria.indexOf(criterion) + 1;
  const root = make("div", "row", "", { role: "listitem", "data-criterion": criterion.id });
  root.append(make("kbd", "number", String(number)));
  const body = make("div", "body");
  body.append(make("p", "text", criterion.text));
  if (view.mode === "chair") body.append(buildReads(desk, criterion));
  const row = { root, number, criterion, buttons: new Map() };
  if (criterion.open) {
    row.places = make("div", "places", "", { "aria-label": words.places });
    body.append(buildButtons(desk, row), row.places, buildWords(desk, row));
  }
  root.append(body);
  root.addEventListener("pointerdown", () => desk.focus(criterion.id, false));
  root.classList.toggle("locked", !criterion.open);
  desk.rows.set(criterion.id, row);
  return root;
}

function buildButtons(desk, row) {
  const { words } = desk;
  const box = make("div", "marks", "", { role: "radiogroup", "aria-label": row.criterion.text });
  const choices = [[MET, "met", "✓"], [UNMET, "unmet", "✕"], [UNSURE, "unsure", "？"]];
  if (desk.view.mode === "chair") choices.pop();
  for (const [met, name, sign] of choices) {
    const button = make("button", name, "", { type: "button", role: "radio", tabindex: "-1" });
    button.append(make("i", "", sign), make("span", "", words[name]));
    button.addEventListener("click", () => desk.mark(row.criterion.id, met));
    row.buttons.set(met, button);
    box.append(button);
  }
  const tool = (look, said, title, act) => {
    const made = make("button", look, said, { type: "button", tabindex: "-1", title });
    made.addEventListener("click", () => (desk.focus(row.criterion.id, false), act(row.criterion.id)));
    return made;
  };
  row.opener = tool("words", words.comment, `${words.key_c} C`, (id) => desk.comment(id));
  const aside = make("div", "aside");
  aside.append(
    tool("full", words.full, `${words.key_f} F`, (id) => desk.openFull(id)),
    tool("precedent", words.precedents, `${words.key_r} R`, (id) => desk.openPrecedents(id)),
    tool("pin", words.place, `${words.key_t} T`, () => desk.note(desk.viewer.place())),
    row.opener,
  );
  box.append(aside);
  return box;
}

function buildWords(desk, row) {
  const box = make("div", "comment");
  row.area = make("textarea", "", "", { rows: "2", maxlength: "2000", "aria-label": desk.words.comment });
  row.area.value = desk.comments[row.criterion.id] || "";
  row.area.addEventListener("input", () => {
    desk.write(row.criterion.id, row.area.value);
    grow(row.area);
  });
  row.area.addEventListener("focus", () => desk.focus(row.criterion.id, false));
  row.area.addEventListener("blur", () => desk.flush());
  const tools = make("div", "tools");
  const bank = make("button", "", `${desk.words.bank} B`, { type: "button", tabindex: "-1" });
  bank.addEventListener("click", () => desk.openBank(row.criterion.id));
  const keep = make("button", "", desk.words.bank_keep, { type: "button", tabindex: "-1" });
  keep.addEventListener("click", () => desk.keepPhrase(row.criterion.id));
  tools.append(bank, keep);
  box.append(row.area, tools);
  row.box = box;
  return box;
}

/** Marks of the reads on one criterion, by number, for the chair. */
function buildReads(desk, criterion) {
  const { view, words } = desk;
  const box = make("div", "reads");
  view.reads.forEach((read, place) => {
    const met = read.marks[criterion.id];
    const name = { 1: "met", 0: "unmet" }[met] ?? (met === null ? "unsure" : "");
    if (!name) return;
    const said = read.comments[criterion.id];
    const places = read.anchors?.[criterion.id] ?? [];
    const ruled = read.round === "chair";
    const chip = make("span", `chip ${name}`);
    chip.append(
      make("b", "", ruled ? words.earlier_ruling : say(words.reader, { number: place + 1 })),
      make("i", "", words[name]),
    );
    const line = make("div", said || places.length ? "line said" : "line");
    line.append(chip, ...buildChips(desk, places));
    if (said) line.append(make("q", "", said));
    box.append(line);
  });
  const how = criterion.must ? words.contested : criterion.decided ? words.decided : "";
  if (how) box.prepend(make("span", `how ${criterion.must ? "must" : ""}`, how));
  return box;
}

/** Bring every row up to date with the draft. */
function paintSheet(desk) {
  for (const [id, row] of desk.rows) {
    const met = desk.marks[id];
    row.root.classList.toggle("here", desk.here === id);
    row.root.dataset.mark = met === undefined ? "" : { 1: "met", 0: "unmet" }[met] ?? "unsure";
    if (!row.area) continue;
    for (const [value, button] of row.buttons) {
      button.setAttribute("aria-checked", String(met === value));
    }
    paintPlaces(desk, row);
    paintWords(desk, row, met);
  }
}

function paintPlaces(desk, row) {
  const { id } = row.criterion;
  const own = desk.anchors[id] ?? [];
  const told = JSON.stringify(own);
  if (row.placesTold === told) return;
  row.placesTold = told;
  row.places.replaceChildren(...buildChips(desk, own, (anchor) => desk.dropPlace(id, anchor)));
}

function paintWords(desk, row, met) {
  const id = row.criterion.id;
  const said = desk.comments[id] || "";
  const asked = asksWords(desk.view, row.criterion, met);
  const shown = asked || Boolean(said) || desk.writing === id;
  row.box.classList.toggle("shown", shown);
  row.opener.hidden = shown;
  row.box.classList.toggle("asked", asked && !spoken(said));
  const hint =
    desk.view.mode === "chair" ? "comment_ruling" : met === UNSURE ? "comment_unsure" : "comment_required";
  row.area.placeholder = desk.words[asked ? hint : "comment_hint"];
  if (row.area.value !== said) row.area.value = said;
  if (shown) grow(row.area);
}

function grow(area) {
  area.style.height = "auto";
  area.style.height = `${Math.min(area.scrollHeight + 2, 150)}px`;
}

/** The bank beside a comment: own phrases for this criterion first, then own, then everybody's. */
function buildBank(desk, id) {
  const { words, phrases, view } = desk;
  const mine = [...phrases.filter((p) => p.criterion === id), ...phrases.filter((p) => !p.criterion)];
  const common = view.starters.map((said) => ({ id: 0, words: said }));
  const box = make("div", "bank", "", { role: "listbox", "aria-label": words.bank });
  desk.bankChoices = [...mine, ...common];
  [[words.bank_own, mine], [words.bank_common, common]].forEach(([title, list]) => {
    box.append(make("h4", "", title));
    if (!list.length) box.append(make("p", "none", words.bank_empty));
    for (const phrase of list) box.append(buildPhrase(desk, id, phrase));
  });
  return box;
}

function buildPhrase(desk, id, phrase) {
  const place = desk.bankChoices.indexOf(phrase) + 1;
  const line = make("div", "phrase");
  const button = make("button", "", "", { type: "button", role: "option", tabindex: "-1" });
  button.append(make("kbd", "", place <= 9 ? String(place) : ""), make("span", "", phrase.words));
  button.addEventListener("click", () => desk.usePhrase(id, phrase));
  line.append(button);
  if (phrase.id) {
    const drop = make("button", "drop", "×", {
      type: "button",
      tabindex: "-1",
      title: desk.words.bank_drop,
      "aria-label": desk.words.bank_drop,
    });
    drop.addEventListener("click", () => desk.dropPhrase(phrase));
    line.append(drop);
  }
  return line;
}
