// Rules of one read: its level, what it still lacks, what a key makes of a mark. No page, no network.

const MET = 1;
const UNMET = 0;
const UNSURE = null; // marked, but cannot be judged; not marked at all is undefined

/** Level of a read: all or nothing at each level; null while it is open. As scoring.consensus.read_level. */
function levelOf(criteria, marks) {
  const of = (level) => criteria.filter((c) => c.level === level).map((c) => marks[c.id]);
  const needed = of("pass");
  const wished = of("excellent");
  if (needed.includes(UNMET)) return "fail";
  if (needed.some((met) => met !== MET)) return null;
  if (wished.includes(UNMET)) return "pass";
  return wished.every((met) => met === MET) ? "excellent" : null;
}

/** Numbers (from 1) of the criteria the level hangs on. */
function decidingOf(criteria, marks, level) {
  const group = { fail: "pass", pass: "excellent" }[level];
  return numbersWhere(criteria, (c) => c.level === group && marks[c.id] === UNMET);
}

function numbersWhere(criteria, holds) {
  return criteria.flatMap((c, place) => (holds(c) ? [place + 1] : []));
}

/** Whether a mark asks for words: not met at 合格, cannot judge anywhere, and every ruling. */
function asksWords(view, criterion, met) {
  if (met === undefined) return false;
  if (view.mode === "chair") return true;
  return met === UNSURE || (met === UNMET && criterion.level === "pass");
}

/** What a comment says beside the pages and moments it names: 〔第 2 页〕 alone is no reason. */
function spoken(comment) {
  return (comment || "").replace(/〔[^〕]*〕/g, "").trim();
}

/** What keeps a read from being handed in: criteria without a mark, criteria without their words. */
function lackingOf(view, marks, comments) {
  const asked = view.criteria.filter((c) => (view.mode === "chair" ? c.must : true));
  const least = view.mode === "chair" ? 1 : view.least_comment;
  const unmarked = asked.filter((c) => marks[c.id] === undefined);
  const wordless = view.criteria.filter(
    (c) => asksWords(view, c, marks[c.id]) && spoken(comments[c.id]).length < least,
  );
  if (view.mode === "chair" && !asked.length && !Object.keys(marks).length) {
    unmarked.push(...view.criteria.slice(0, 1));
  }
  return { unmarked: unmarked.map((c) => c.id), wordless: wordless.map((c) => c.id) };
}

/** What a digit makes of a mark: met, then not met, then met again. */
function toggled(met) {
  return met === MET ? UNMET : MET;
}

/** Criteria a whole-level key fills: those not marked in the first level that has any. */
function restOfLevel(view, marks) {
  if (view.mode === "chair") return [];
  const open = view.criteria.filter((c) => marks[c.id] === undefined);
  return open.filter((c) => c.level === open[0].level).map((c) => c.id);
}

/** Sentence with its values put in. */
function say(template, values) {
  return template.replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
}
