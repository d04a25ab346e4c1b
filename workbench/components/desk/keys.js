// The keyboard: every act of the desk by one key, none of them while somebody types.

class Keys extends Leaving {
  key(event) {
    if (!this.root.isConnected || event.isComposing || event.keyCode === 229) return;
    const target = event.composedPath()[0];
    const inside = event.composedPath().includes(this.root);
    const typing = target instanceof HTMLTextAreaElement
      || (target instanceof HTMLInputElement && target.type !== "radio") || target.isContentEditable;
    if (typing && !inside) return;
    if (this.takes(event, typing)) {
      event.preventDefault();
      event.stopImmediatePropagation();
    }
  }

  /** Do what a key asks for; true where it was ours. */
  takes(event, typing) {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      if (!this.box) this.submit();
      else this.box.confirm?.();
      return true;
    }
    if (event.key === "Escape") return this.escape(typing);
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return false;
    const digit = /^(?:Digit|Numpad)([1-9])$/.exec(event.code)?.[1];
    if (this.box) return this.inBox(event, digit);
    if (event.code === "KeyZ") return this.undo(), true;
    if (this.view.done) return false;
    if (digit) return this.digit(Number(digit), event.shiftKey);
    return this.letter(event);
  }

  /** Keys of a box: a digit chooses in it, and the key that opened it closes it. */
  inBox(event, digit) {
    if (digit && this.bankFor) return this.choose(Number(digit));
    if (digit && this.box.pick) return this.box.pick(Number(digit)), true;
    if (this.box.again === event.code) return this.close(), true;
    return false;
  }

  letter(event) {
    const acts = {
      KeyJ: () => this.move(1),
      ArrowDown: () => this.move(1),
      KeyK: () => this.move(-1),
      ArrowUp: () => this.move(-1),
      KeyM: () => (this.mark(this.here, MET), this.next()),
      KeyN: () => (this.mark(this.here, UNMET), this.next()),
      KeyU: () => this.view.mode === "chair" || this.mark(this.here, UNSURE),
      KeyA: () => this.fill(MET),
      KeyX: () => this.fill(UNMET),
      KeyC: () => this.comment(this.here),
      KeyB: () => this.openBank(this.here),
      KeyT: () => (event.shiftKey ? this.dropLastPlace() : this.note(this.viewer.place())),
      KeyG: () => this.jumpNext(),
      KeyF: () => this.openFull(this.here),
      KeyR: () => this.openPrecedents(this.here),
      KeyP: () => this.openPark(),
      KeyE: () => this.openLeave(),
      KeyH: () => this.openKeys(),
      PageDown: () => this.press("next"),
      PageUp: () => this.press("previous"),
      Equal: () => this.press("in"),
      NumpadAdd: () => this.press("in"),
      Minus: () => this.press("out"),
      NumpadSubtract: () => this.press("out"),
    };
    const act = event.key === "?" ? acts.KeyH : acts[event.code];
    if (!act || (event.code.startsWith("Arrow") && event.target instanceof HTMLMediaElement)) return false;
    act();
    return true;
  }

  digit(number, shifted) {
    const criterion = this.view.criteria[number - 1];
    if (!criterion?.open) return Boolean(criterion);
    this.mark(criterion.id, shifted ? UNMET : toggled(this.marks[criterion.id]));
    this.rows.get(criterion.id).root.scrollIntoView({ block: "nearest" });
    return true;
  }

  choose(number) {
    const phrase = this.bankChoices[number - 1];
    if (phrase) this.usePhrase(this.bankFor, phrase);
    return true;
  }

  escape(typing) {
    if (this.box) return this.close(), true;
    if (!typing) return false;
    this.writing = "";
    this.flush();
    this.root.focus({ preventScroll: true });
    this.paint();
    return true;
  }
}
