// Sends one file to /upload as it is, without holding it in memory, and tells the page its id.
export default function ({ data, parentElement, setTriggerValue }) {
  const form = parentElement.querySelector(".sending");
  if (form.dataset.ready) return;
  form.dataset.ready = "yes";
  const input = form.querySelector("input");
  const button = form.querySelector("button");
  const bar = form.querySelector("progress");
  const name = form.querySelector(".name");
  const told = form.querySelector(".told");
  const words = data.words;
  form.querySelector(".choose").textContent = words.choose;
  button.textContent = words.send;
  input.accept = data.endings.join(",");
  name.textContent = words.none;
  let file = null;
  let sending = null;

  const say = (sentence, isFault) => {
    told.textContent = sentence;
    told.classList.toggle("fault", Boolean(isFault));
  };
  const size = (bytes) =>
    bytes < 1 << 20 ? `${Math.max(1, Math.round(bytes / 1024))} KiB` : `${(bytes / (1 << 20)).toFixed(1)} MiB`;
  const choose = (chosen) => {
    if (!chosen || sending) return;
    const fits = data.endings.some((ending) => chosen.name.toLowerCase().endsWith(ending));
    file = fits ? chosen : null;
    name.textContent = `${chosen.name}（${size(chosen.size)}）`;
    say(fits ? "" : words.form, !fits);
    button.disabled = !fits;
  };
  input.onchange = () => choose(input.files[0]);
  form.ondragover = (event) => { event.preventDefault(); form.classList.add("over"); };
  form.ondragleave = () => form.classList.remove("over");
  form.ondrop = (event) => {
    event.preventDefault();
    form.classList.remove("over");
    choose(event.dataTransfer.files[0]);
  };
  const done = () => {
    sending = null;
    bar.hidden = true;
    button.disabled = !file;
  };
  form.onsubmit = (event) => {
    event.preventDefault();
    if (!file || sending) return;
    button.disabled = true;
    bar.hidden = false;
    bar.value = 0;
    say(words.sending);
    sending = new XMLHttpRequest();
    sending.open("POST", `/upload?name=${encodeURIComponent(file.name)}`);
    sending.setRequestHeader("content-type", "application/octet-stream");
    sending.upload.onprogress = (at) => {
      if (at.lengthComputable) bar.value = at.loaded / at.total;
    };
    sending.onerror = () => { done(); say(words.broken, true); };
    sending.onload = () => {
      let answer = {};
      try { answer = JSON.parse(sending.responseText); } catch { answer = {}; }
      const isSent = sending.status === 201;
      const sent = { upload: answer.upload, name: file.name, bytes: file.size };
      if (isSent) { file = null; input.value = ""; name.textContent = words.none; }
      done();
      say(isSent ? words.sent : answer.sentence || words.broken, !isSent);
      if (isSent) setTriggerValue("sent", sent);
    };
    sending.send(file);
  };
  return () => { if (sending) sending.abort(); };
}
