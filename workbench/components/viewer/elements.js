// What every view is made of: elements, buttons, addresses of this site, times.
const make = (tag, cls, text) => {
  const element = document.createElement(tag);
  if (cls) element.className = cls;
  if (text !== undefined) element.textContent = text;
  return element;
};

const button = (cls, text, label, onClick) => {
  const element = make("button", `wv-button ${cls}`, text);
  element.type = "button";
  element.title = label;
  element.setAttribute("aria-label", label);
  element.addEventListener("click", onClick);
  return element;
};

const ours = (url) => (typeof url === "string" && /^\/(?!\/)/.test(url) ? url : "");

const clock = (seconds) => {
  const whole = Math.max(0, Math.floor(seconds));
  const pair = (n) => String(n).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  const rest = `${pair(Math.floor((whole % 3600) / 60))}:${pair(whole % 60)}`;
  return hours ? `${hours}:${rest}` : rest;
};
