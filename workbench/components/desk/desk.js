// The score desk: one piece on screen, evidence left, criteria right, the level below.

const DESKS = new WeakMap(); // one desk for each place it is mounted in

/** Called by the page at every run: builds the desk once and a sheet for each new piece. */
export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  let desk = DESKS.get(parentElement);
  if (!desk) {
    desk = new Desk(parentElement);
    DESKS.set(parentElement, desk);
  }
  desk.go = (piece) => setTriggerValue("go", { piece, at: Date.now() });
  desk.show(data);
  return () => setTimeout(() => desk.root.isConnected || desk.leave(), 0);
}

class Desk extends Keys {
  constructor(parent) {
    super();
    this.root = make("div", "desk");
    parent.append(this.root);
    this.onKey = (event) => this.key(event);
    this.onFit = () => this.fit();
    this.onClose = (event) => this.closing(event);
    this.onReturn = () => this.root.isConnected && this.fit();
    window.addEventListener("keydown", this.onKey, true); // before the page's own shortcuts
    window.addEventListener("resize", this.onFit);
    window.addEventListener("beforeunload", this.onClose);
    this.watch = new ResizeObserver(this.onFit);
    this.watch.observe(document.body);
  }

  leave() {
    window.removeEventListener("keydown", this.onKey, true);
    window.removeEventListener("resize", this.onFit);
    window.removeEventListener("beforeunload", this.onClose);
    this.watch.disconnect();
    clearTimeout(this.saveLater);
    clearInterval(this.ticking);
  }

  // ---- a piece ----

  show(data) {
    this.words = data.words;
    this.viewerWords = data.viewer_words;
    this.root.lang = this.words.language;
    this.phrases = data.phrases;
    const view = data.view;
    const name = `${view.piece}|${view.round}|${view.reading}|${data.visit}`;
    if (name === this.name) return; // a rerun for something else: what is typed stays
    if (this.isDirty()) this.flush();
    this.name = name;
    this.view = view;
    this.marks = { ...(view.draft?.marks ?? {}) };
    this.comments = { ...(view.draft?.comments ?? {}) };
    this.version = view.draft?.version ?? 0;
    this.changes = 0;
    this.kept = 0;
    this.sending = null;
    this.submitting = false;
    this.savedAt = null;
    this.writing = "";
    this.trouble = "";
    this.offered = view.undo ? { ...view.undo, until: Date.now() + view.undo.seconds * 1000 } : null;
    this.here = view.criteria?.find((c) => c.open && this.marks[c.id] === undefined)?.id
      ?? view.criteria?.find((c) => c.open)?.id ?? "";
    this.build();
    this.paint();
    this.tick();
  }

  build() {
    this.viewer?.destroy?.();
    this.viewer = null;
    this.root.replaceChildren();
    this.foot = make("footer");
    if (this.view.done) {
      this.root.append(this.buildDone(), this.foot);
    } else {
      const panes = make("main");
      this.left = make("section", "evidence");
      this.right = make("section", "criteria");
      this.right.append(...this.buildNotices(), buildSheet(this));
      panes.append(this.left, this.buildDivider(), this.right);
      this.root.append(this.buildHead(), panes, this.foot);
      this.viewer = mountViewer(this.left, this.view.parts, {
        words: this.viewerWords,
        onMark: (place) => this.note(place),
      });
      mountViewer.prefetch(this.view.ahead);
    }
    this.buildFoot();
    this.root.tabIndex = -1;
    this.fit();
    this.rows?.get(this.here)?.root.scrollIntoView({ block: "nearest" });
    this.root.focus({ preventScroll: true });
  }

  buildHead() {
    const { view, words } = this;
    const head = make("header");
    const what = make("div", "what");
    what.append(
      make("code", "", view.piece),
      make("b", "", `${view.competency.code} ${view.competency.name}`),
      make("span", "", `${view.slot.id} ${view.slot.name}`),
    );
    if (view.slot.core) what.append(make("em", "tag", words.core));
    if (view.mode === "chair") what.append(make("em", "tag ruling", words.chair));
    const { place, total, left, done } = view.progress;
    const how = make("div", "progress");
    const bar = make("div", "bar", "", { role: "progressbar", "aria-valuemax": total, "aria-valuenow": done });
    bar.append(make("i"));
    bar.firstChild.style.width = `${total ? (100 * done) / total : 0}%`;
    how.append(bar, make("span", "", say(words.position, { place, total })), make("span", "left", say(words.left, { left })));
    const tools = make("div", "top-tools");
    if (view.round === "blind" || view.round === "third") {
      tools.append(this.button("stand-back", words.stand_back, () => this.openStandBack()));
    }
    tools.append(this.button("help", `${words.keys} ?`, () => this.openKeys()));
    head.append(what, how, tools);
    return head;
  }

  buildNotices() {
    const { view, words } = this;
    const found = [];
    if (view.mode === "chair") {
      const note = make("div", "notice");
      note.append(make("b", "", words[`cause_${view.cause}`] ?? ""), make("span", "", words.chair_note));
      found.push(note);
    }
    if (view.draft.refused.length) {
      found.push(make("div", "notice alarm", words.previous_refused + view.draft.refused.join(words.joint)));
    }
    return found;
  }

  buildFoot() {
    const { words } = this;
    this.alarm = make("div", "alarm", "", { role: "alert" });
    this.toast = make("div", "toast", "", { role: "status" });
    this.foot.append(this.alarm);
    this.root.append(this.toast);
    if (this.view.done) return;
    const line = make("div", "result");
    this.level = make("div", "level", "", { "aria-live": "polite" });
    this.state = make("span", "state", "", { role: "status" });
    this.submitter = this.button("submit", words.submit, () => this.submit());
    this.submitter.append(make("kbd", "", "Ctrl ⏎"));
    line.append(this.level, this.state, this.submitter);
    this.foot.append(line, make("div", "hint", words[this.view.mode === "chair" ? "hint_chair" : "hint"]));
    this.right.append(this.foot);
  }

  buildDone() {
    const { words, view } = this;
    const box = make("div", "all-done");
    box.append(make("h2", "", words.done_title), make("p", "", say(words.done_text, view.progress)));
    box.append(this.button("", words.tasks, () => window.location.assign("tasks")));
    return box;
  }

  buildDivider() {
    const divider = make("div", "divider", "", { role: "separator", "aria-orientation": "vertical" });
    const set = (share) => this.root.style.setProperty("--share", `${Math.min(72, Math.max(35, share))}%`);
    set(Number(keptShare()) || 56);
    divider.addEventListener("pointerdown", (down) => {
      divider.setPointerCapture(down.pointerId);
      const box = this.root.getBoundingClientRect();
      const move = (event) => set((100 * (event.clientX - box.left)) / box.width);
      const end = () => {
        divider.removeEventListener("pointermove", move);
        keptShare(parseFloat(this.root.style.getPropertyValue("--share")));
      };
      divider.addEventListener("pointermove", move);
      divider.addEventListener("pointerup", end, { once: true });
    });
    return divider;
  }

  button(look, said, act) {
    const made = make("button", look, said, { type: "button" });
    made.addEventListener("click", act);
    return made;
  }

  fit() {
    const top = this.root.getBoundingClientRect().top + window.scrollY;
    this.root.style.height = `${Math.max(420, window.innerHeight - top - 10)}px`;
  }

  // ---- marks and words ----

  mark(id, met) {
    const criterion = this.view.criteria.find((c) => c.id === id);
    if (!criterion?.open || this.submitting) return;
    this.marks[id] = met;
    this.here = id;
    this.changed(0);
  }

  fill(met) {
    for (const id of restOfLevel(this.view, this.marks)) {
      this.marks[id] = met;
      this.here = id;
    }
    this.changed(0);
  }

  write(id, said) {
    if (said) this.comments[id] = said;
    else delete this.comments[id];
    this.changed(TYPING_PAUSE);
  }

  /** Note the page or the moment shown in the comment of the criterion in hand. */
  note(place) {
    if (!this.here || !this.rows.get(this.here)?.area) return;
    const clock = (t) => `${Math.floor(t / 60)}:${String(Math.floor(t % 60)).padStart(2, "0")}`;
    const where = [];
    if (this.view.parts.length > 1) where.push(this.view.parts[place.part].title);
    if (place.page) where.push(say(this.words.at_page, { page: place.page }));
    if (place.t !== undefined) where.push(clock(place.t));
    if (!where.length) return;
    const told = this.comments[this.here] || "";
    this.writing = this.here;
    this.write(this.here, `${told}${told ? " " : ""}〔${where.join(" ")}〕`);
    this.rows.get(this.here).root.scrollIntoView({ block: "nearest" });
  }

  /** Press a button of the viewer. */
  press(look) {
    this.left.querySelector(`.wv-${look}`)?.click();
  }

  focus(id, scroll = true) {
    if (this.here === id) return;
    this.here = id;
    this.paint();
    if (scroll) this.rows.get(id).root.scrollIntoView({ block: "nearest" });
  }

  move(step) {
    const open = this.view.criteria.filter((c) => c.open).map((c) => c.id);
    const place = Math.min(open.length - 1, Math.max(0, open.indexOf(this.here) + step));
    if (open.length) this.focus(open[place]);
  }

  next() {
    const after = this.view.criteria.slice(this.view.criteria.findIndex((c) => c.id === this.here) + 1);
    const free = after.find((c) => c.open && this.marks[c.id] === undefined);
    if (free) this.focus(free.id);
    else this.paint();
  }

  comment(id) {
    const row = this.rows.get(id);
    if (!row?.area) return;
    this.writing = id;
    this.here = id;
    this.paint();
    row.area.focus();
    row.root.scrollIntoView({ block: "nearest" });
  }

  changed(pause) {
    this.changes += 1;
    this.trouble = "";
    this.paint();
    clearTimeout(this.saveLater);
    if (pause) this.saveLater = setTimeout(() => this.flush(), pause);
    else this.flush();
  }

  isDirty() {
    return Boolean(this.view) && !this.view.done && (this.changes > this.kept || Boolean(this.sending));
  }

  // ---- what is shown ----

  paint() {
    if (this.view.done) return this.paintState();
    paintSheet(this);
    this.paintLevel();
    this.paintState();
    return undefined;
  }

  paintLevel() {
    const { view, words, marks } = this;
    const rulings = view.mode === "chair";
    const known = rulings ? { ...decidedOf(view), ...marks } : marks;
    const level = levelOf(view.criteria, known);
    const numbers = decidingOf(view.criteria, known, level).join("、");
    const open = view.criteria.filter((c) => known[c.id] === undefined).length;
    const unsure = numbersWhere(view.criteria, (c) => marks[c.id] === UNSURE).join("、");
    const why = [];
    if (numbers) why.push(say(words.why_unmet, { numbers }));
    if (level === "excellent") why.push(words.why_all);
    if (unsure) why.push(say(words.why_unsure, { numbers: unsure }));
    if (open && !rulings) why.push(say(words.why_wait, { count: open }));
    const name = level ?? "open";
    this.level.className = `level ${name}`;
    this.level.replaceChildren(
      make("b", "", level ? words[level] : words.level_open),
      make("span", "", why.join(words.joint)),
    );
  }

  paintState() {
    this.alarm.textContent = this.trouble;
    if (!this.state) return;
    const { words } = this;
    const lacking = this.view.done ? null : lackingOf(this.view, this.marks, this.comments);
    const ready = lacking && !lacking.unmarked.length && !lacking.wordless.length;
    this.submitter.classList.toggle("ready", Boolean(ready));
    this.submitter.firstChild.textContent = this.submitting ? words.submitting : words.submit;
    this.submitter.setAttribute("aria-disabled", String(!ready || this.submitting));
    let [look, said] = ["", ""];
    if (this.stuck) [look, said] = ["lost", words.unsaved];
    else if (this.sending && !this.saving) [look, said] = ["lost", words.offline];
    else if (this.isDirty()) [look, said] = ["busy", this.saving ? words.saving : words.unsaved];
    else if (this.savedAt) {
      const time = this.savedAt.toLocaleTimeString("zh-CN", { hour12: false });
      [look, said] = ["kept", say(words.saved, { time })];
    }
    this.state.className = `state ${look}`;
    this.state.textContent = said;
  }

  tell(said) {
    this.told = said;
    this.tick();
  }

  /** Show the offer to take back, second by second, or something that was just done. */
  tick() {
    clearInterval(this.ticking);
    const until = Date.now() + 4000;
    const step = () => {
      const left = this.offered ? Math.ceil((this.offered.until - Date.now()) / 1000) : 0;
      if (left <= 0) this.offered = null;
      if (!this.offered && (!this.told || Date.now() > until)) {
        clearInterval(this.ticking);
        this.told = "";
        return this.toast.replaceChildren();
      }
      return this.offered ? this.paintOffer(left) : this.toast.replaceChildren(make("span", "", this.told));
    };
    this.ticking = setInterval(step, 250);
    step();
  }

  paintOffer(left) {
    const { words, offered } = this;
    if (this.toast.dataset.left === `${offered.piece}${left}` && this.toast.childElementCount) return;
    this.toast.dataset.left = `${offered.piece}${left}`;
    const act = this.button("undo", words.undo, () => this.undo());
    act.append(make("kbd", "", "Z"));
    this.toast.replaceChildren(
      make("span", "", say(words.submitted, { piece: offered.piece })),
      act,
      make("small", "", say(words.undo_left, { seconds: left })),
    );
  }
}

/** Share of the evidence pane this browser keeps; blank where it keeps nothing. */
function keptShare(share) {
  try {
    if (share) localStorage.setItem("workbench-desk-share", String(share));
    return localStorage.getItem("workbench-desk-share") ?? "";
  } catch {
    return "";
  }
}

/** Marks already decided on a piece the chair rules on. */
function decidedOf(view) {
  return Object.fromEntries(view.criteria.filter((c) => c.decided && !c.must).map((c) => [c.id, c.decided.met]));
}
