// Video and sound: chapters, speeds, and moments marked.
const SPEEDS = [1, 1.25, 1.5, 2];
const STOPS = 8; // stops offered in a long video that has no chapters of its own
const SHORT_S = 180; // seconds under which a video needs none

function mediaView(viewer, part) {
  const { words, stage, bar } = viewer;
  const player = make(part.kind === "audio" ? "audio" : "video", `wv-${part.kind}`);
  player.controls = true;
  player.preload = "metadata";
  player.setAttribute("controlslist", "nodownload noremoteplayback");
  player.disablePictureInPicture = true;
  player.setAttribute("aria-label", part.title);
  player.src = ours(part.url);
  player.addEventListener("error", () => {
    stage.append(make("div", "wv-failed", words.failed));
  });
  const frame = make("div", "wv-media");
  frame.append(player);
  stage.append(frame);

  const speeds = make("div", "wv-group");
  speeds.append(make("span", "wv-word", words.speed));
  const rates = SPEEDS.map((rate) => {
    const each = button("wv-speed", `${rate}×`, `${words.speed} ${rate}×`, () => {
      player.playbackRate = rate;
    });
    speeds.append(each);
    return each;
  });
  const showRate = () =>
    rates.forEach((each, index) =>
      each.setAttribute("aria-pressed", String(player.playbackRate === SPEEDS[index])),
    );
  player.addEventListener("ratechange", showRate);
  showRate();

  const marks = make("div", "wv-marks");
  const jump = (t) => {
    player.currentTime = t;
    player.play().catch(() => {});
  };
  const chip = (t, title) =>
    button("wv-chip", title ? `${clock(t)} ${title}` : clock(t), clock(t), () => jump(t));
  const mark = button("wv-mark", words.mark, words.mark, () => {
    const t = Math.round(player.currentTime * 10) / 10;
    marks.hidden = false;
    marks.append(chip(t, ""));
    viewer.tell("onMark", { t });
  });
  bar.append(speeds, mark);

  const stops = make("div", "wv-chapters");
  const offer = (chapters) => {
    stops.replaceChildren(make("span", "wv-word", words.chapters));
    chapters.forEach((each) => stops.append(chip(each.t, each.title)));
    stops.hidden = !chapters.length;
  };
  const evenly = (seconds) => {
    if (!seconds || seconds < SHORT_S) return [];
    const unit = seconds > 1200 ? 60 : 15;
    const gap = Math.max(unit, Math.round(seconds / STOPS / unit) * unit);
    const found = [];
    for (let t = 0; t < seconds - gap / 2; t += gap) found.push({ t, title: "" });
    return found;
  };
  offer((part.chapters || []).length ? part.chapters : evenly(part.duration_s));
  marks.append(make("span", "wv-word", words.marked));
  marks.hidden = true;
  stage.append(stops, marks);
  return {
    place: () => ({ t: Math.round(player.currentTime * 10) / 10 }),
    turn: (t) => {
      if (player.readyState) player.currentTime = t;
      else player.addEventListener("loadedmetadata", () => (player.currentTime = t), { once: true });
    },
    end: () => {
      player.pause();
      player.removeAttribute("src");
      player.load();
    },
  };
}
