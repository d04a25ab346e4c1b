// Boxes over the desk: keys, comment bank, the criterion in full, precedents, two windows in conflict.

class Boxes extends Places {
  open(title, look = "") {
    this.close();
    const box = make("div", `box ${look}`, "", { role: "dialog", "aria-label": title });
    box.append(make("h3", "", title));
    this.box = box;
    this.root.append(box);
    return box;
  }

  close() {
    this.box?.remove();
    this.box = null;
    this.bankFor = "";
    this.root.focus({ preventScroll: true });
  }

  openKeys() {
    const { words } = this;
    const box = this.open(words.keys, "keys");
    const list = make("dl");
    const keys = [
      ["1–9", "key_digit"], ["J ↓ / K ↑", "key_move"], ["M", "key_m"], ["N", "key_n"], ["U", "key_u"],
      ["A", "key_a"], ["X", "key_x"], ["C", "key_c"], ["B", "key_b"],
      ["T", "key_t"], ["Shift + T", "key_t_off"], ["G", "key_g"], ["F", "key_f"], ["R", "key_r"],
      ["PgUp / PgDn", "key_pages"], ["+ / −", "key_zoom"], ["Z", "key_z"], ["P", "key_p"], ["E", "key_e"],
      ["Ctrl + Enter", "key_submit"],
    ];
    for (const [key, name] of keys) list.append(make("dt", "", key), make("dd", "", words[name]));
    box.append(list, this.button("", `${words.close} Esc`, () => this.close()));
  }

  /** Show a criterion in full beside what every level asks for; the same key closes it again. */
  openFull(id) {
    const criterion = this.view.criteria.find((c) => c.id === id);
    if (!criterion) return;
    const box = this.open(this.words.full_title, "full");
    box.again = "KeyF";
    box.append(...buildFull(this, criterion), this.button("", `${this.words.close} Esc`, () => this.close()));
  }

  /** Show rulings on like cases beside the criterion in hand. */
  openPrecedents(id) {
    const criterion = this.view.criteria.find((c) => c.id === id);
    if (!criterion) return;
    const box = this.open(this.words.precedents, "precedents");
    box.again = "KeyR";
    buildPrecedents(this, criterion, box);
  }

  openBank(id) {
    const row = this.rows.get(id);
    if (!row?.area) return;
    this.writing = id;
    this.here = id;
    const box = this.open(this.words.bank, "over-bank");
    box.append(buildBank(this, id));
    this.bankFor = id;
    this.paint();
  }

  usePhrase(id, phrase) {
    const said = this.comments[id] || "";
    this.close();
    this.write(id, said ? `${said}\n${phrase.words}` : phrase.words);
    if (phrase.id) this.post("phrases", { act: "use", id: phrase.id });
    this.comment(id);
  }

  async keepPhrase(id) {
    const said = (this.comments[id] || "").trim();
    if (said) await this.changePhrases({ act: "keep", criterion: id, words: said });
    if (said && !this.trouble) this.tell(this.words.bank_kept);
  }

  async dropPhrase(phrase) {
    const id = this.bankFor;
    await this.changePhrases({ act: "drop", id: phrase.id });
    if (id) this.openBank(id);
  }

  async changePhrases(body) {
    const answer = await this.post("phrases", body);
    if (answer.phrases) this.phrases = answer.phrases;
    else this.trouble = answer.sentence || this.words.offline;
    this.paint();
  }

  openConflict(theirs) {
    const { words } = this;
    const box = this.open(words.conflict, "conflict");
    const choice = make("div", "choice");
    box.append(choice);
    choice.append(
      this.button("", words.take_theirs, () => {
        this.marks = { ...theirs.marks };
        this.comments = { ...theirs.comments };
        this.anchors = { ...theirs.anchors };
        this.version = theirs.version;
        this.kept = this.changes;
        this.close();
        this.paint();
      }),
      this.button("", words.keep_mine, () => {
        this.version = theirs.version;
        this.close();
        this.changed(0);
      }),
    );
  }
}
