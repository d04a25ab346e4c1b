// Turning to the next piece: shown at once from what came with the last one, opened by the page after.

class Turning extends Keeping {
  /** Go on to a piece; where it has been loaded beforehand it is on the desk in the same moment. */
  turn(piece, undo) {
    const { ahead } = this.view;
    if (piece && ahead?.piece === piece && !ahead.draft.refused.length) this.showAhead(ahead, undo);
    this.go(piece);
  }

  showAhead(ahead, undo) {
    const { starters, pace, idle_s } = this.view;
    this.leftTask = this.name; // a late run for the piece just left is not to bring it back
    this.begin({ ...ahead, starters, pace, idle_s, undo: undo.seconds ? undo : null, claim: null, ahead: null });
    this.name = this.awaiting = taskOf(ahead);
  }

  /** Whether what a run brings is the piece shown already, or the one left: then nothing is rebuilt. */
  isAdopted(view, name) {
    if (!this.awaiting) return false;
    if (name === this.leftTask) return true;
    if (taskOf(view) !== this.awaiting) return false;
    const changedElsewhere = view.draft.version !== this.version && !this.changes;
    if (changedElsewhere || view.done) return false;
    this.adopt(view, name);
    return true;
  }

  adopt(view, name) {
    this.awaiting = "";
    this.name = name;
    this.view = view;
    if (view.undo) this.offer(view.undo);
    this.paintHead();
    this.right.querySelectorAll(".notice").forEach((old) => old.remove());
    this.right.prepend(...this.buildNotices());
    this.loadAhead();
    this.paint();
    if (this.wanted) this.submit();
    else if (this.isDirty()) this.flush();
    this.wanted = false;
  }

  /** Load first pages and texts of the piece that comes next, when nothing else is to be loaded. */
  loadAhead() {
    if (this.view.ahead) mountViewer.prefetch(this.view.ahead.parts);
  }
}

const taskOf = (view) => `${view.piece}|${view.round}|${view.reading}`;
