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

class Desk extends Frame {
  constructor(parent) {
    super();
    this.root = make("div", "desk");
    parent.append(this.root);
    this.onKey = (event) => this.key(event);
    this.onFit = () => this.fit();
    this.onClose = (event) => this.closing(event);
    this.onAway = () => this.tellTime(true);
    this.window = windowMark();
    this.active = new ActiveTime(this.root, () => this.tellTime());
    this.awaiting = "";
    window.addEventListener("keydown", this.onKey, true); // before the page's own shortcuts
    window.addEventListener("resize", this.onFit);
    window.addEventListener("beforeunload", this.onClose);
    window.addEventListener("pagehide", this.onAway);
    this.watch = new ResizeObserver(this.onFit);
    this.watch.observe(document.body);
  }

  leave() {
    window.removeEventListener("keydown", this.onKey, true);
    window.removeEventListener("resize", this.onFit);
    window.removeEventListener("beforeunload", this.onClose);
    window.removeEventListener("pagehide", this.onAway);
    this.tellTime(true);
    this.active.end();
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
    const name = `${taskOf(view)}|${data.visit}`;
    if (name === this.name) return; // a rerun for something else: what is typed stays
    if (this.isAdopted(view, name)) return;
    this.awaiting = "";
    if (this.isDirty()) this.flush();
    else if (this.view) this.tellTime(true);
    this.begin(view);
    this.name = name;
    this.loadAhead();
  }

  /** Put a piece on the desk. */
  begin(view) {
    this.view = view;
    this.marks = { ...(view.draft?.marks ?? {}) };
    this.comments = { ...(view.draft?.comments ?? {}) };
    this.anchors = { ...(view.draft?.anchors ?? {}) };
    this.version = view.draft?.version ?? 0;
    this.changes = 0;
    this.kept = 0;
    this.sending = null;
    this.submitting = false;
    this.wanted = false;
    this.savedAt = null;
    this.writing = "";
    this.trouble = "";
    this.jumpedFor = "";
    this.offered = null;
    if (view.undo) this.offer(view.undo);
    this.active.idle = (view.idle_s ?? 120) * 1000;
    this.active.begin();
    this.here = view.criteria?.find((c) => c.open && this.marks[c.id] === undefined)?.id
      ?? view.criteria?.find((c) => c.open)?.id ?? "";
    this.build();
    this.paint();
    this.tick();
  }

  /** Offer to take back what was handed in. */
  offer(undo) {
    this.offered = { ...undo, until: Date.now() + undo.seconds * 1000 };
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
      this.head = this.buildHead();
      this.root.append(this.head, panes, this.foot);
      this.viewer = mountViewer(this.left, this.view.parts, {
        words: this.viewerWords,
        onMark: (place) => this.note(place),
      });
    }
    this.buildFoot();
    this.root.tabIndex = -1;
    this.fit();
    this.rows?.get(this.here)?.root.scrollIntoView({ block: "nearest" });
    this.root.focus({ preventScroll: true });
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
      make("span", "", say(words[offered.exit ? `left_${offered.exit}` : "submitted"], { piece: offered.piece })),
      act,
      make("small", "", say(words.undo_left, { seconds: left })),
    );
  }
}

/** Marks already decided on a piece the chair rules on. */
function decidedOf(view) {
  return Object.fromEntries(view.criteria.filter((c) => c.decided && !c.must).map((c) => [c.id, c.decided.met]));
}
