// Precedents beside a criterion: the nearest rulings on like cases, fetched when somebody asks.

/** Fill a box with the rulings nearest to a criterion of the piece on the desk. */
async function buildPrecedents(desk, criterion, box) {
  const { words } = desk;
  const shut = desk.button("", `${words.close} Esc`, () => desk.close());
  const list = make("div", "found", words.precedents_wait, { role: "status" });
  box.append(list, shut);
  const query = new URLSearchParams({ piece: desk.view.piece, criterion: criterion.id });
  let told = null;
  try {
    const answer = await fetch(`/desk/precedents?${query}`, { headers: HEADER, credentials: "same-origin" });
    told = answer.ok ? await answer.json() : null;
  } catch {
    told = null;
  }
  const found = told?.precedents ?? [];
  const none = told ? words.precedents_none : words.precedents_lost;
  list.replaceChildren(...(found.length ? found.map((each) => precedentCard(words, each)) : [none]));
}

/** One ruling: what was decided and why, the words of the evidence, and what makes it near. */
function precedentCard(words, each) {
  const card = make("article", "precedent");
  const met = each.met ? "met" : "unmet";
  card.append(make("b", met, words[met]), make("p", "", each.words));
  if (each.excerpt) {
    const quote = make("blockquote", "", "", { "aria-label": words.precedents_quote });
    quote.append(...marked(each.excerpt, each.near));
    card.append(quote);
  }
  const notes = [];
  if (!each.same) notes.push(say(words.precedents_other, { criterion: each.criterion }));
  if (each.near.length) notes.push(say(words.precedents_near, { words: each.near.join("、") }));
  if (notes.length) card.append(make("small", "", notes.join("　")));
  return card;
}

/** A text with the words both have set off. */
function marked(text, near) {
  if (!near.length) return [text];
  const safe = near.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const parts = text.split(new RegExp(`(${safe.join("|")})`, "i"));
  return parts.map((part, place) => (place % 2 ? make("mark", "", part) : part));
}
