// Leaving a piece: without judging it, with a cause; or aside for later, with a note to oneself.

const EXITS = ["cannot_judge", "conflict", "unreadable", "other"]; // as services.exits

class Leaving extends Boxes {
  canLeave() {
    return ["blind", "third"].includes(this.view.round) && !this.awaiting;
  }

  openLeave() {
    if (!this.canLeave()) return;
    const { words } = this;
    const box = this.open(words.exit_title, "leave-box");
    const follows = make("p", "follows");
    const said = make("textarea", "", "", { rows: "2", placeholder: words.exit_words, maxlength: "300" });
    const choose = (why) => {
      follows.textContent = words[`exit_next_${why}`];
      box.chosen = why;
    };
    EXITS.forEach((why, place) => {
      const label = make("label");
      const radio = make("input", "", "", { type: "radio", name: "why", value: why });
      radio.addEventListener("change", () => choose(why));
      label.append(radio, make("kbd", "", String(place + 1)), make("span", "", words[`exit_${why}`]));
      box.append(label);
    });
    box.pick = (number) => {
      const radio = box.querySelectorAll("input")[number - 1];
      if (!radio) return;
      radio.checked = true;
      choose(radio.value);
      said.focus();
    };
    box.confirm = () => this.leaveFor(box.chosen, said);
    const send = this.button("submit", words.exit_do, box.confirm);
    send.append(make("kbd", "", "Ctrl ⏎"));
    const choice = make("div", "choice");
    choice.append(send, this.button("", `${words.cancel} Esc`, () => this.close()));
    box.append(follows, said, choice);
    box.querySelector("input").focus();
  }

  async leaveFor(why, said) {
    if (!why || !said.value.trim()) {
      this.trouble = this.words.exit_needs;
      this.paint();
      (why ? said : this.box.querySelector("input")).focus();
      return;
    }
    if (this.isDirty()) await this.flush();
    const { piece } = this.view;
    const answer = await this.post("leave", { key: freshKey(), piece, exit: why, words: said.value, ...this.spent() });
    if (answer.state === "left") {
      this.kept = this.changes;
      this.close();
      this.turn(answer.next, { piece, seconds: answer.seconds, exit: why });
    } else {
      this.close();
      this.afterRefusal({ ...answer, sentence: answer.sentence || this.words.offline });
    }
  }

  openPark() {
    if (this.awaiting) return;
    const { words, view } = this;
    const box = this.open(words.park_title, "park-box");
    const said = make("textarea", "", "", { rows: "2", placeholder: words.park_note, maxlength: "300" });
    said.value = view.parked ?? "";
    box.confirm = () => this.park(said.value, true);
    const send = this.button("submit", words.park_do, box.confirm);
    send.append(make("kbd", "", "Ctrl ⏎"));
    const choice = make("div", "choice");
    choice.append(send);
    if (view.parked !== null) choice.append(this.button("", words.park_undo, () => this.park("", false)));
    choice.append(this.button("", `${words.cancel} Esc`, () => this.close()));
    box.append(make("p", "follows", words.park_follows), said, choice);
    said.focus();
  }

  async park(note, parked) {
    if (this.isDirty()) await this.flush();
    const answer = await this.post("park", { piece: this.view.piece, note, parked, ...this.spent() });
    this.close();
    if (answer.state === "taken_up") {
      this.view.parked = null;
      this.root.querySelector(".notice.parked")?.remove();
    } else if (answer.state === "parked") {
      if (answer.next && answer.next !== this.view.piece) this.turn(answer.next, { seconds: 0 });
      else this.go(answer.next);
    } else {
      this.trouble = answer.sentence || this.words.offline;
    }
    this.paint();
  }
}
