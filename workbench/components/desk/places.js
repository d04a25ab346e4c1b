// Places in the evidence: one key notes the place shown for the criterion in hand, a chip leads back.

const MOST_PLACES = 12; // as services.desk_anchors

class Places extends Turning {
  /** Note the page, slide, moment or paragraph shown as what the criterion in hand rests on. */
  note(shown) {
    const criterion = this.view.criteria.find((c) => c.id === this.here);
    const anchor = criterion?.open && !this.submitting ? anchorOf(this.view.parts, shown) : null;
    if (!anchor) return this.tell(this.words.place_none);
    const own = this.anchors[criterion.id] ?? [];
    if (own.some((each) => sameAnchor(each, anchor)) || own.length >= MOST_PLACES) return undefined;
    this.anchors[criterion.id] = [...own, anchor];
    this.changed(0);
    return this.rows.get(criterion.id).root.scrollIntoView({ block: "nearest" });
  }

  dropPlace(id, anchor) {
    const left = (this.anchors[id] ?? []).filter((each) => !sameAnchor(each, anchor));
    if (left.length) this.anchors[id] = left;
    else delete this.anchors[id];
    this.changed(0);
  }

  /** Take away the place noted last for the criterion in hand. */
  dropLastPlace() {
    const own = this.anchors[this.here];
    if (own?.length) this.dropPlace(this.here, own[own.length - 1]);
  }

  /** Turn the evidence to a place. */
  jump(anchor) {
    this.viewer?.turn(anchor);
  }

  /** Turn to the next of the places of the criterion in hand, round and round. */
  jumpNext() {
    const reads = this.view.reads.flatMap((read) => read.anchors?.[this.here] ?? []);
    const every = [...(this.anchors[this.here] ?? []), ...reads];
    if (!every.length) return this.tell(this.words.place_nowhere);
    this.lastJump = this.jumpedFor === this.here ? (this.lastJump + 1) % every.length : 0;
    this.jumpedFor = this.here;
    return this.jump(every[this.lastJump]);
  }
}

/** Anchor of what the viewer shows; null where nothing can be pointed at. */
function anchorOf(parts, shown) {
  const part = parts[shown.part];
  const given = (kind, place) => ({ part: shown.part + 1, kind, place });
  if (shown.t !== undefined) return given("second", Math.max(0, Math.floor(shown.t)));
  if (shown.paragraph) return given("paragraph", shown.paragraph);
  if (shown.page) return given(part?.slides ? "slide" : "page", shown.page);
  return null;
}

const sameAnchor = (a, b) => a.part === b.part && a.kind === b.kind && a.place === b.place;

/** Say where a place is; the file is named where the piece has several. */
function placeWords(desk, anchor) {
  const { words, view } = desk;
  const clock = (t) => {
    const [hours, minutes, seconds] = [Math.floor(t / 3600), Math.floor(t / 60) % 60, t % 60];
    const two = (n) => String(n).padStart(2, "0");
    return hours ? `${hours}:${two(minutes)}:${two(seconds)}` : `${minutes}:${two(seconds)}`;
  };
  const place = anchor.kind === "second" ? clock(anchor.place) : anchor.place;
  const said = say(words[`place_${anchor.kind}`], { place });
  return view.parts.length > 1 ? say(words.place_in, { part: anchor.part, place: said }) : said;
}

/** Chips of places; with `drop` each can be taken away. */
function buildChips(desk, anchors, drop) {
  return anchors.map((anchor) => {
    const chip = make("span", "place");
    const said = placeWords(desk, anchor);
    const go = make("button", "", said, { type: "button", tabindex: "-1", title: desk.words.place_go });
    go.addEventListener("click", () => desk.jump(anchor));
    chip.append(go);
    if (drop) {
      const away = say(desk.words.place_drop, { place: said });
      const off = make("button", "off", "×", { type: "button", tabindex: "-1", "aria-label": away, title: away });
      off.addEventListener("click", () => drop(anchor));
      chip.append(off);
    }
    return chip;
  });
}
