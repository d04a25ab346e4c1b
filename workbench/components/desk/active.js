// Active time: counted while the page is in view and somebody does something, or a film runs.

const BEAT = 1000; // ms between two looks
const REPORT_PAUSE = 60000; // ms after which time that went with no mark is told by itself
const LEAST_REPORT = 5000; // ms below which it is not worth a request
const INPUTS = ["pointermove", "pointerdown", "keydown", "wheel", "scroll", "touchstart"];

class ActiveTime {
  /** `root` is where films are looked for; `report` is called when much has gathered untold. */
  constructor(root, report) {
    this.root = root;
    this.report = report;
    this.idle = 120000;
    this.untold = 0;
    this.begin();
    this.touched = () => (this.lastInput = Date.now());
    for (const name of INPUTS) window.addEventListener(name, this.touched, { capture: true, passive: true });
    this.beating = setInterval(() => this.beat(), BEAT);
  }

  /** Another piece is on the desk. */
  begin() {
    this.untold = 0;
    this.lastBeat = this.lastInput = this.lastReport = Date.now();
  }

  beat() {
    this.count();
    if (this.untold >= LEAST_REPORT && Date.now() - this.lastReport >= REPORT_PAUSE) this.report();
  }

  count() {
    const now = Date.now();
    const gone = Math.min(Math.max(0, now - this.lastBeat), 2 * BEAT); // a machine that slept read nothing
    this.lastBeat = now;
    if (this.isActive(now)) this.untold += gone;
  }

  isActive(now) {
    if (document.visibilityState !== "visible") return false;
    const films = [...this.root.querySelectorAll("video, audio")];
    return now - this.lastInput <= this.idle || films.some((film) => !film.paused && !film.ended);
  }

  /** Milliseconds not told yet; they count as told from here on. */
  take() {
    this.count();
    const told = Math.round(this.untold);
    this.untold = 0;
    this.lastReport = Date.now();
    return told;
  }

  end() {
    clearInterval(this.beating);
    for (const name of INPUTS) window.removeEventListener(name, this.touched, { capture: true });
  }
}

/** Mark of this window, the same after a refresh. */
function windowMark() {
  const fresh = () => `${Date.now().toString(36)}${Math.random().toString(36).slice(2, 10)}`;
  try {
    const kept = sessionStorage.getItem("workbench-desk-window") ?? fresh();
    sessionStorage.setItem("workbench-desk-window", kept);
    return kept;
  } catch {
    return fresh();
  }
}
