// A criterion in full: its words in both languages, and what each level asks for in this slot.

function buildFull(desk, criterion) {
  const { view, words } = desk;
  const number = view.criteria.indexOf(criterion) + 1;
  const head = make("div", "in-full");
  head.append(
    make("small", "", say(words.full_place, { slot: `${view.slot.id} ${view.slot.name}`, number })),
    make("p", "text", criterion.text),
    make("p", "other", criterion.other),
  );
  const levels = [
    ["excellent", words.full_excellent],
    ["pass", words.full_pass],
    ["fail", words.full_fail],
  ].map(([level, rule]) => {
    const box = make("section", `asks ${level}`);
    const title = make("h4");
    title.append(make("b", "", words[level]), make("span", "", rule));
    box.append(title);
    const own = view.criteria.filter((c) => c.level === level);
    if (own.length) {
      const list = make("ol", "", "", { start: view.criteria.indexOf(own[0]) + 1 });
      list.append(...own.map((c) => make("li", c === criterion ? "here" : "", c.text)));
      box.append(list);
    }
    return box;
  });
  const origin = words[view.slot.official.criteria ? "full_official" : "full_derived"];
  return [head, ...levels, make("small", "", origin)];
}
