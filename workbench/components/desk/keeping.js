// Keeping the draft: saved at each change, handed in once, taken back within ten seconds.

const HEADER = { "content-type": "application/json", "x-workbench-desk": "1" };
const TYPING_PAUSE = 600; // ms after the last key before a comment is saved
const RETRY_PAUSE = 2000; // ms before a save is tried again over a broken line

const freshKey = () => crypto.randomUUID?.() ?? `${Date.now()}-${Math.random().toString(36).slice(2)}`;

class Keeping {
  body(extra = {}) {
    const { piece, round, reading } = this.view;
    const { version, marks, comments, anchors } = this;
    const given = { marks: { ...marks }, comments: { ...comments }, anchors: { ...anchors } };
    return { key: freshKey(), piece, round, reading, version, ...given, ...this.spent(), ...extra };
  }

  /** What every request tells beside its own: time active since the last one, and which window. */
  spent() {
    return { active_ms: this.active.take(), window: this.window };
  }

  /** Tell how long somebody was active where nothing was marked meanwhile; `leaving` ends the lease. */
  tellTime(leaving = false) {
    if (!this.view || this.view.done || this.submitting || this.awaiting) return;
    const { piece, round, reading } = this.view;
    this.post("time", { piece, round, reading, leaving, ...this.spent() });
  }

  /** Save what is not saved yet; one request at a time, the same again over a broken line. */
  async flush() {
    clearTimeout(this.saveLater);
    if (this.saving) return this.saving;
    if (!this.isDirty() || this.submitting || this.stuck || this.awaiting) return undefined;
    const name = this.name;
    this.sending ??= { body: this.body(), upTo: this.changes };
    this.saving = this.post("save", this.sending.body);
    this.paintState();
    const answer = await this.saving;
    this.saving = null;
    if (name !== this.name) return undefined; // another piece is on the desk by now
    this.afterSave(answer);
    return undefined;
  }

  afterSave(answer) {
    if (answer.broken) {
      this.saveLater = setTimeout(() => this.flush(), RETRY_PAUSE);
    } else if (answer.state === "saved") {
      this.version = answer.version;
      this.kept = this.sending.upTo;
      this.sending = null;
      this.savedAt = new Date();
      if (this.changes > this.kept) this.flush();
    } else {
      this.sending = null;
      if (answer.state === "conflict") this.openConflict(answer);
      else this.stop(answer.state === "submitted" ? this.words.already : answer.sentence);
    }
    this.paintState();
  }

  async post(act, body) {
    try {
      const made = await fetch(`/desk/${act}`, {
        method: "POST",
        headers: HEADER,
        body: JSON.stringify(body),
        keepalive: true,
        credentials: "same-origin",
      });
      if (made.status === 401) return { state: "signed_out", sentence: this.words.signed_out };
      if (made.status >= 500) return { broken: true };
      return await made.json();
    } catch {
      return { broken: true };
    }
  }

  stop(sentence) {
    this.stuck = true;
    this.trouble = sentence || this.words.unsaved;
    this.paint();
  }

  closing(event) {
    if (!this.isDirty()) return;
    this.flush();
    event.preventDefault();
  }

  async submit() {
    if (this.submitting || this.view.done || this.stuck) return;
    if (this.awaiting) {
      this.wanted = true; // handed in as soon as the piece is open
      return;
    }
    const lacking = lackingOf(this.view, this.marks, this.comments);
    if (lacking.unmarked.length || lacking.wordless.length) return this.point(lacking);
    this.submitting = true;
    clearTimeout(this.saveLater);
    this.paint();
    while (this.saving) await this.saving.then(() => new Promise((done) => setTimeout(done, 0)));
    const body = this.sending?.body && this.sending.upTo === this.changes
      ? { ...this.sending.body } : this.body();
    let answer = await this.post("submit", body);
    while (answer.broken) {
      this.trouble = this.words.offline;
      this.paint();
      await new Promise((done) => setTimeout(done, RETRY_PAUSE));
      answer = await this.post("submit", body); // the same key: at most one read
    }
    this.trouble = "";
    if (answer.version) this.version = answer.version;
    if (answer.state === "submitted") {
      this.kept = this.changes;
      this.sending = null;
      return this.turn(answer.next, { piece: this.view.piece, seconds: answer.seconds, exit: "" });
    }
    this.submitting = false;
    this.afterRefusal(answer);
    return undefined;
  }

  afterRefusal(answer) {
    if (answer.version) this.kept = this.changes;
    this.sending = null;
    if (answer.state === "conflict") this.openConflict(answer);
    else if (answer.state === "refused") this.trouble = this.words.refused + answer.remarks.join(this.words.joint);
    else if (answer.state === "incomplete") this.point(null, answer.missing);
    else this.stop(answer.sentence);
    this.paint();
  }

  /** Go to the first thing that lacks, and say which lack it. */
  point(lacking, missing = []) {
    const unmarked = lacking?.unmarked ?? missing.filter((m) => m.what === "mark").map((m) => m.criterion);
    const wordless = lacking?.wordless ?? missing.filter((m) => m.what === "comment").map((m) => m.criterion);
    const name = unmarked.length ? "missing_mark" : "missing_comment";
    const ids = unmarked.length ? unmarked : wordless;
    const numbers = numbersWhere(this.view.criteria, (c) => ids.includes(c.id)).join("、");
    if (unmarked.length) this.focus(ids[0]);
    else this.comment(ids[0]);
    this.trouble = say(this.words[name], { numbers });
    this.paint();
  }

  async undo() {
    if (!this.offered || this.undoing) return;
    this.undoing = true;
    const offered = this.offered;
    if (this.isDirty()) await this.flush();
    const answer = await this.post("undo", { piece: offered.piece });
    this.undoing = false;
    if (answer.broken) return;
    this.offered = null;
    this.told = answer.state === "taken_back" ? this.words.taken_back : this.words.too_late;
    if (answer.state === "taken_back") this.go(offered.piece);
    this.tick();
  }
}
