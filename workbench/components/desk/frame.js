// What stands around the two panes: the line above, notices, the line below, and when all is done.

class Frame extends Keys {
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
    const { read, median_s: median } = view.pace ?? {};
    const how = make("div", "progress");
    const bar = make("div", "bar", "", { role: "progressbar", "aria-valuemax": total, "aria-valuenow": done });
    bar.append(make("i"));
    bar.firstChild.style.width = `${total ? (100 * done) / total : 0}%`;
    how.append(bar, make("span", "", say(words.position, { place, total })), make("span", "left", say(words.left, { left })));
    if (read) {
      const time = median ? `${Math.floor(median / 60)}:${String(median % 60).padStart(2, "0")}` : "–";
      const minutes = median ? Math.max(1, Math.round((left * median) / 60)) : "–";
      const pace = make("span", "pace", say(words.pace, { read, time }));
      pace.title = median ? say(words.pace_left, { left, minutes }) : words.pace_early;
      how.append(pace);
    }
    const tools = make("div", "top-tools");
    tools.append(this.button("park", `${words.park} P`, () => this.openPark()));
    if (this.canLeave()) tools.append(this.button("stand-back", `${words.exit} E`, () => this.openLeave()));
    tools.append(this.button("help", `${words.keys} ?`, () => this.openKeys()));
    head.append(what, how, tools);
    return head;
  }

  /** Draw the line above anew: progress and pace have moved on. */
  paintHead() {
    const made = this.buildHead();
    this.head.replaceWith(made);
    this.head = made;
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
    if (typeof view.parked === "string") {
      found.push(make("div", "notice parked", view.parked ? words.parked + view.parked : words.parked_bare));
    }
    const held = view.claim;
    if (held && !(held.mine && held.window === this.window)) {
      const time = new Date(held.since).toLocaleTimeString("zh-CN", { hour: "2-digit", minute: "2-digit" });
      found.push(make("div", "notice held", say(words[held.mine ? "claim_window" : "claim_other"], { time })));
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
