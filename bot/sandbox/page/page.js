// The chat page of Koolla's sandbox. It draws what GET /sandbox/state tells and sends what people do to
// POST /sandbox/act. Nothing is ever put into the page as HTML: texts become text nodes, entities elements.

const ZONE = "Europe/Helsinki";
const find = (selector, root = document) => root.querySelector(selector);
const columns = new Map();
const narrow = matchMedia("(max-width: 720px)");
const calm = matchMedia("(prefers-reduced-motion: reduce)");
let words = {}, language = "", state = null, ahead = 0, chosen = null;

// ---- words, times, elements

function word(key, values = {}, tongue = language) {
  return (words[tongue][key] ?? key).replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

function timeParts(moment, tongue = language) {
  const options = { timeZone: ZONE, weekday: "short", day: "numeric", month: "numeric", year: "numeric", hour: "numeric", minute: "2-digit", hourCycle: "h23" };
  const locale = { fi: "fi-FI", sv: "sv-FI", en: "en-GB" }[tongue];
  const parts = Object.fromEntries(new Intl.DateTimeFormat(locale, options).formatToParts(moment).map((part) => [part.type, part.value]));
  for (const name of ["day", "month", "hour"]) parts[name] = String(Number(parts[name]));
  parts.name = new Intl.DateTimeFormat(locale, { timeZone: ZONE, month: "short" }).format(moment);
  return parts;
}

function clockTime(moment) {
  const { hour, minute } = timeParts(moment);
  return hour + (language === "en" ? ":" : ".") + minute;
}

function dayOf(moment) {
  const { weekday, day, month, name, year } = timeParts(moment);
  return language === "en" ? `${weekday} ${day} ${name} ${year}` : `${weekday} ${day}.${month}.${year}`;
}

function dayAndTime(moment) {
  return dayOf(moment) + { fi: " klo ", sv: " kl. ", en: ", " }[language] + clockTime(moment);
}

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child != null));
  return element;
}

// ---- talking to the server

async function post(address, options) {
  try {
    const answer = await fetch(address, { method: "POST", ...options });
    if (answer.ok) return await answer.json();
    console.warn(address, answer.status, await answer.text());
  } catch (fault) {
    console.warn(address, fault);
  }
  return null;
}

function act(wish) {
  return post("/sandbox/act", { headers: { "Content-Type": "application/json" }, body: JSON.stringify(wish) });
}

async function actAs(column, wish) {
  const answer = await act({ person: column.id, ...wish });
  if (!answer) toast(column, word("failed"));
  return answer;
}

async function watch() {
  let since = "";
  for (;;) {
    try {
      const answer = await fetch(`/sandbox/state?since=${encodeURIComponent(since)}`);
      if (!answer.ok) throw new Error(String(answer.status));
      const news = await answer.json();
      find("#offline").hidden = true;
      since = news.stamp;
      draw(news);
    } catch (fault) {
      console.warn(fault);
      find("#offline").hidden = false;
      since = "";
      await new Promise((wake) => setTimeout(wake, 1000));
    }
  }
}

// ---- texts with entities

const STYLES = { bold: "b", italic: "i", underline: "u", strikethrough: "s", code: "code", pre: "pre", blockquote: "blockquote", expandable_blockquote: "blockquote" };

function rich(column, text, entities, from = 0, to = text.length) {
  const nodes = [];
  let at = from;
  for (let rest = entities; rest.length; ) {
    const outer = rest[0], end = outer.offset + outer.length;
    const inner = rest.slice(1).filter((each) => each.offset + each.length <= end);
    nodes.push(text.slice(at, outer.offset), styled(column, outer, text.slice(outer.offset, end), rich(column, text, inner, outer.offset, end)));
    at = end;
    rest = rest.slice(1).filter((each) => each.offset >= at);
  }
  return [...nodes, text.slice(at, to)];
}

function styled(column, entity, plain, nodes) {
  if (STYLES[entity.type]) return make(STYLES[entity.type], {}, ...nodes);
  if (entity.type === "text_link") return link(column, entity.url, nodes);
  if (entity.type === "url") return link(column, plain, nodes);
  if (entity.type === "email") return make("a", { href: `mailto:${plain}` }, ...nodes);
  if (entity.type === "bot_command") return make("button", { type: "button", class: "link", click: () => say(column, plain) }, ...nodes);
  if (entity.type === "spoiler") return make("details", { class: "spoiler" }, make("summary", {}, "•••"), ...nodes);
  return make("span", { class: entity.type }, ...nodes);
}

// The payload of a link that opens this bot; null for every other address.
function payloadOf(url) {
  const bot = state.bot.toLowerCase();
  const match = /^(?:https?:\/\/)?t\.me\/(\w+)\/?(?:\?start=([\w-]*))?$/i.exec(url) ?? /^tg:\/\/resolve\?domain=(\w+)(?:&start=([\w-]*))?$/i.exec(url);
  return match && match[1].toLowerCase() === bot ? match[2] ?? "" : null;
}

function link(column, url, nodes) {
  const payload = payloadOf(url);
  if (payload !== null) return make("button", { type: "button", class: "link", title: url, click: () => start(column, payload) }, ...nodes);
  if (!/^https?:\/\//i.test(url)) return make("span", { title: url }, ...nodes);
  return make("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, ...nodes);
}

function open(column, url) {
  const payload = payloadOf(url);
  if (payload !== null) start(column, payload);
  else if (/^https?:\/\//i.test(url)) window.open(url, "_blank", "noopener,noreferrer");
}

// ---- messages

function drawMessage(column, message) {
  const bubble = make("div", { class: "bubble" }, drawFile(message.file), ...drawShared(message.shared));
  if (message.text) bubble.append(make("div", { class: "text" }, ...rich(column, message.text, message.entities)));
  bubble.append(drawFoot(column, message));
  const article = make("article", { class: message.mine ? "message mine" : "message", "data-id": message.id }, bubble);
  if (message.rows.length) article.append(make("div", { class: "buttons" }, ...message.rows.map((row) => drawRow(column, message, row))));
  return article;
}

function drawFile(file) {
  if (!file) return null;
  const address = `/sandbox/file/${encodeURIComponent(file.id)}`;
  if (file.picture) {
    const image = make("img", { src: address, alt: word("picture"), width: file.width, height: file.height });
    return make("a", { class: "picture", href: address, target: "_blank", rel: "noopener" }, image);
  }
  const size = file.size < 10000 ? `${file.size} B` : `${Math.round(file.size / 1024)} kB`;
  return make("a", { class: "file", href: address, download: file.name },
    make("span", { class: "sheet", "aria-hidden": "true" }, "↓"),
    make("span", {}, make("b", {}, file.name), make("span", { class: "quiet" }, `${word("download")} · ${size}`)));
}

function drawShared(ids) {
  if (!ids.length) return [];
  const names = ids.map((id) => state.people.find((person) => person.id === id)?.name ?? id).join(", ");
  return [make("div", { class: "text" }, word("shared", { names }))];
}

function drawFoot(column, message) {
  const foot = make("div", { class: "foot" });
  if (message.silent) foot.append(make("span", {}, word("silent")));
  if (message.edited) foot.append(make("button", { type: "button", class: "link", "aria-expanded": "false", click: (event) => toggleVersions(column, message, event.currentTarget) }, word("edited")));
  foot.append(make("time", { datetime: message.at, title: dayAndTime(new Date(message.at)) }, clockTime(new Date(message.at))));
  return foot;
}

function toggleVersions(column, message, button) {
  const bubble = button.closest(".bubble"), shown = find(".versions", bubble);
  button.setAttribute("aria-expanded", String(!shown));
  if (shown) return shown.remove();
  const versions = message.versions.map((version, index) => make("li", {},
    make("span", { class: "quiet" }, word("earlier", { at: index + 1 })),
    drawFile(version.file), make("div", { class: "text" }, ...rich(column, version.text, version.entities))));
  bubble.append(make("ol", { class: "versions" }, ...versions));
}

function drawRow(column, message, row) {
  return make("div", { class: "row" }, ...row.map((button) => make("button", {
    type: "button", class: button.style ?? "", title: button.url, click: (event) => press(column, message, button, event.currentTarget),
  }, button.label, button.url ? make("span", { class: "kind", "aria-hidden": "true" }, "↗") : button.copy ? make("span", { class: "kind copy", "aria-hidden": "true" }) : null)));
}

async function press(column, message, button, element) {
  if (button.url) return open(column, button.url);
  if (button.copy) return navigator.clipboard?.writeText(button.copy).then(() => toast(column, word("copied")), () => toast(column, button.copy));
  if (!button.data || element.getAttribute("aria-busy")) return;
  element.setAttribute("aria-busy", "true");
  const answer = await actAs(column, { do: "tap", message: message.id, data: button.data });
  if (!answer || column.answered.has(answer.tap)) element.removeAttribute("aria-busy");
  else column.tapped.set(answer.tap, element);
}

// ---- columns

function addColumn(person) {
  const root = find("#column").content.firstElementChild.cloneNode(true);
  const column = { id: person.id, person, root, drawn: new Map(), unread: 0, answered: new Set(), tapped: new Map(), hidden: false, fresh: true };
  columns.set(person.id, column);
  find(".face", root).textContent = person.name[0];
  root.dataset.hue = columns.size % 6;
  find("h2", root).textContent = person.name;
  find("h2", root).id = `person-${person.id}`;
  root.setAttribute("aria-labelledby", `person-${person.id}`);
  column.chip = make("button", { type: "button", class: "chip", click: () => show(column) });
  find("#add").before(column.chip);
  const box = find("textarea", root);
  find(".write", root).addEventListener("submit", (event) => { event.preventDefault(); sendBox(column, box); });
  box.addEventListener("keydown", (event) => { if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); sendBox(column, box); } });
  box.addEventListener("input", () => { box.style.height = ""; box.style.height = `${Math.min(box.scrollHeight + 2, 160)}px`; });
  find(".start", root).addEventListener("submit", (event) => { event.preventDefault(); startBox(column, find(".start input", root)); });
  find(".attach input", root).addEventListener("change", (event) => upload(column, box, event.target));
  find(".commands", root).addEventListener("click", () => toggleMenu(column));
  find(".menu", root).addEventListener("keydown", (event) => { if (event.key === "Escape") toggleMenu(column, false); });
  find(".block", root).addEventListener("click", () => actAs(column, { do: column.person.blocked ? "unblock" : "block" }));
  find(".unblock", root).addEventListener("click", () => actAs(column, { do: "unblock" }));
  find(".hide", root).addEventListener("click", () => { column.hidden = true; arrange(); column.chip.focus(); });
  for (const kind of ["pointerdown", "focusin", "wheel"]) root.addEventListener(kind, () => seen(column), { passive: true });
  find("#columns").append(root);
  translate(root);
  return column;
}

function drawColumn(column, person) {
  const { root } = column;
  column.person = person;
  find(".role", root).textContent = [person.role && word(`role_${person.role}`), person.language, person.blocked && word("blocked")].filter(Boolean).join(" · ");
  const block = find(".block", root);
  block.hidden = !person.started;
  block.title = word(person.blocked ? "unblock" : "block");
  block.setAttribute("aria-pressed", String(person.blocked));
  find(".start", root).hidden = person.started;
  find(".unblock", root).hidden = !person.blocked;
  find(".write", root).hidden = !person.started || person.blocked;
  find("textarea", root).placeholder = person.keyboard.placeholder || word("write");
  find("textarea", root).setAttribute("aria-label", word("write_as", { name: person.name }));
  find(".messages", root).lang = person.language ?? "";
  find(".messages", root).setAttribute("aria-label", word("messages", { name: person.name }));
  drawMenu(column);
  drawKeyboard(column);
  drawMessages(column);
  drawToasts(column);
}

function drawMessages(column) {
  const { person, drawn } = column, list = find(".messages", column.root), lane = find(".lane", list);
  const gone = new Set(drawn.keys());
  let day = "", added = 0, last = null;
  for (const message of person.messages) {
    gone.delete(message.id);
    const today = dayOf(new Date(message.at)), text = language + (today !== day ? today : "") + JSON.stringify(message);
    const old = drawn.get(message.id);
    if (old?.text === text) { last = old.nodes.at(-1); day = today; continue; }
    const nodes = [drawMessage(column, message)];
    if (today !== day) nodes.unshift(make("p", { class: "day" }, today));
    day = today;
    if (!old && !message.mine) added += 1;
    replace(lane, old?.nodes, nodes, last);
    if (!column.fresh && !old) nodes.at(-1).classList.add("new");
    drawn.set(message.id, { text, nodes });
    last = nodes.at(-1);
  }
  for (const id of gone) { drawn.get(id).nodes.forEach((node) => node.remove()); drawn.delete(id); }
  list.classList.toggle("empty", !person.messages.length);
  list.dataset.empty = word("nothing_yet");
  drawTyping(lane, person.typing);
  if (added && !column.fresh && !isWatched(column)) column.unread += added;
  // The list stands on its end (column-reverse), so that 0 is where the newest message is.
  if (added) list.scrollTo({ top: 0, behavior: calm.matches ? "instant" : "smooth" });
  // What comes while the demo is being set up is no news.
  column.fresh &&= state.busy;
}

// Put `nodes` where `old` were, or after `last`; whoever had the keyboard on a button keeps it on the same one.
function replace(lane, old, nodes, last) {
  const within = old?.at(-1), focus = within?.contains(document.activeElement) ? [...within.querySelectorAll("button")].indexOf(document.activeElement) : -1;
  if (old) { old[0].before(...nodes); old.forEach((node) => node.remove()); }
  else if (last) last.after(...nodes);
  else lane.prepend(...nodes);
  if (focus >= 0) {
    const buttons = [...nodes.at(-1).querySelectorAll("button")];
    (buttons[Math.min(focus, buttons.length - 1)] ?? lane.parentElement).focus({ preventScroll: true });
  }
}

function drawTyping(lane, typing) {
  find(".typing", lane)?.remove();
  if (typing) lane.append(make("p", { class: "typing quiet" }, word("typing")));
}

function drawMenu(column) {
  const { commands } = column.person, key = language + JSON.stringify(commands);
  if (column.menu === key) return;
  column.menu = key;
  const lines = commands.map(({ command, description }) => make("li", {}, make("button", { type: "button", click: () => { toggleMenu(column, false); say(column, `/${command}`); } },
    make("b", {}, `/${command}`), " ", description)));
  find(".menu", column.root).replaceChildren(...(lines.length ? lines : [make("li", { class: "quiet" }, word("no_commands"))]));
}

function toggleMenu(column, open = find(".menu", column.root).hidden) {
  const menu = find(".menu", column.root), button = find(".commands", column.root);
  menu.hidden = !open;
  button.setAttribute("aria-expanded", String(open));
  (open ? find("button", menu) ?? button : button).focus();
}

function drawKeyboard(column) {
  const { keyboard, started, blocked } = column.person, area = find(".keyboard", column.root), key = JSON.stringify(keyboard);
  area.hidden = !keyboard.rows.length || !started || blocked;
  if (column.keys === key) return;
  column.keys = key;
  area.replaceChildren(...keyboard.rows.map((row) => make("div", { class: "row" }, ...row.map((each) =>
    make("button", { type: "button", click: () => (each.asks ? choose(column, each) : say(column, each.label)) }, each.label)))));
}

function drawToasts(column) {
  const { toasts } = column.person, first = column.toasts === undefined;
  for (const each of toasts.slice(column.toasts ?? 0)) {
    column.answered.add(each.tap);
    column.tapped.get(each.tap)?.removeAttribute("aria-busy");
    column.tapped.delete(each.tap);
    if (first) continue;
    if (each.url) open(column, each.url);
    if (each.text && each.alert) alertBox(column, each.text);
    else if (each.text) toast(column, each.text);
  }
  column.toasts = toasts.length;
}

function toast(column, text) {
  const box = make("p", { class: "toast", role: "status" }, text);
  find(".over", column.root).append(box);
  setTimeout(() => box.remove(), 4500);
}

function alertBox(column, text) {
  const back = document.activeElement;
  const close = () => { box.remove(); (back?.isConnected ? back : find(".messages", column.root)).focus({ preventScroll: true }); };
  const ok = make("button", { type: "button", class: "strong", click: close }, word("ok"));
  const box = make("div", { class: "alert", role: "alertdialog", "aria-label": text, keydown: (event) => { if (event.key === "Escape") close(); } }, make("p", {}, text), ok);
  find(".over", column.root).append(box);
  ok.focus();
}

// ---- what people do

function say(column, text) {
  seen(column);
  return actAs(column, { do: "say", text });
}

function start(column, payload) {
  return actAs(column, { do: "start", payload });
}

async function sendBox(column, box) {
  const text = box.value.trim();
  if (!text || !(await say(column, text))) return;
  box.value = "";
  box.dispatchEvent(new Event("input"));
}

async function startBox(column, input) {
  const text = input.value.trim();
  const code = /^[A-Za-z0-9]{5}-?[A-Za-z0-9]{5}$/.test(text) ? text.replace("-", "") : null;
  const payload = payloadOf(text) ?? code;
  input.value = "";
  await start(column, payload ?? "");
  if (text && payload === null) await say(column, text);
  find("textarea", column.root).focus();
}

async function upload(column, box, input) {
  const [file] = input.files;
  if (!file) return;
  const query = new URLSearchParams({ person: column.id, name: file.name, caption: box.value.trim() });
  const answer = await post(`/sandbox/upload?${query}`, { headers: { "Content-Type": "application/octet-stream" }, body: file });
  input.value = "";
  if (answer) box.value = "";
  else toast(column, word("failed"));
}

async function ask(title, ok, ...fields) {
  const dialog = find("#dialog");
  find("#dialog-title").textContent = title;
  find("#dialog-ok").textContent = ok;
  find("#dialog-fields").replaceChildren(...fields);
  dialog.returnValue = "";
  dialog.showModal();
  await new Promise((closed) => dialog.addEventListener("close", closed, { once: true }));
  return dialog.returnValue === "ok" ? new FormData(find("form", dialog)) : null;
}

async function choose(column, key) {
  const type = key.asks.most > 1 ? "checkbox" : "radio";
  const fields = state.people.filter((person) => person.id !== column.id).map((person, index) =>
    make("label", { class: "option" }, make("input", { type, name: "person", value: person.id, checked: type === "radio" && !index }), person.name));
  const answer = await ask(word("choose_title"), word("choose_ok"), ...fields);
  const people = answer?.getAll("person").map(Number).slice(0, key.asks.most) ?? [];
  if (people.length) await actAs(column, { do: "choose", request: key.asks.id, people });
}

async function addPerson() {
  const languages = [...find("#language").options].map((each) => make("option", { value: each.value, selected: each.value === language }, each.text));
  const answer = await ask(word("add_title"), word("add"),
    make("label", {}, word("name"), make("input", { name: "name", required: true, maxlength: 64, autocomplete: "off" })),
    make("label", {}, word("their_language"), make("select", { name: "language" }, ...languages)));
  if (!answer) return;
  chosen = "newest";
  await act({ do: "add", name: answer.get("name"), language: answer.get("language") });
}

async function reset() {
  if (await ask(word("reset_title"), word("reset_ok"))) await act({ do: "reset" });
}

async function jump(button) {
  busy(true);
  await act({ do: button.dataset.jump, hours: Number(button.dataset.hours) || undefined });
}

function busy(on) {
  for (const button of document.querySelectorAll("[data-jump], #reset")) button.setAttribute("aria-disabled", String(on));
  if (on) find("#jumped").textContent = word("jump_busy");
}

// A line that calls a meeting on the Wednesday of next week, in the coordinator's language and put where she writes.
function writeExample() {
  const column = [...columns.values()].find((each) => each.person.role === "coordinator");
  const tongue = words[column.person.language] ? column.person.language : language, day = new Date(Date.now() + ahead);
  do day.setUTCDate(day.getUTCDate() + 1); while (day.getUTCDay() !== 3 || day - Date.now() - ahead < 5 * 864e5);
  const { weekday, day: date, month, name } = timeParts(day, tongue);
  if (narrow.matches) guide(false);
  show(column);
  const box = find("textarea", column.root);
  box.value = word("example_line", { group: state.group, day: tongue === "en" ? `${weekday} ${date} ${name}` : `${weekday} ${date}.${month}.` }, tongue);
  box.dispatchEvent(new Event("input"));
  box.focus();
}

// ---- the page as a whole

function isWatched(column) {
  return narrow.matches ? chosen === column.id : column.root.contains(document.activeElement) && !column.hidden;
}

function seen(column) {
  if (!column.unread) return;
  column.unread = 0;
  drawChip(column);
}

function show(column) {
  chosen = column.id;
  column.hidden = false;
  column.unread = 0;
  arrange();
  column.root.scrollIntoView({ inline: "nearest", block: "nearest", behavior: calm.matches ? "instant" : "smooth" });
  if (!narrow.matches) find("textarea, .start button", column.root).focus({ preventScroll: true });
  find(".messages", column.root).scrollTop = 0;
}

function arrange() {
  if (!columns.has(chosen)) chosen = columns.keys().next().value;
  for (const column of columns.values()) {
    column.root.hidden = narrow.matches ? column.id !== chosen : column.hidden;
    drawChip(column);
  }
}

function drawChip(column) {
  const count = column.unread ? make("span", { class: "count" }, String(column.unread), make("span", { class: "unseen" }, ` ${word("new_count", { count: "" })}`)) : null;
  column.chip.replaceChildren(column.person.name, ...(count ? [count] : []));
  column.chip.setAttribute("aria-pressed", String(!column.root.hidden));
  column.root.classList.toggle("unread", column.unread > 0);
}

function translate(root = document) {
  for (const each of root.querySelectorAll("[data-word]")) each.textContent = word(each.dataset.word);
  for (const each of root.querySelectorAll("[data-label]")) each.setAttribute("aria-label", word(each.dataset.label));
  for (const each of root.querySelectorAll("[data-title]")) each.title = word(each.dataset.title);
}

function speak(wanted) {
  language = wanted;
  document.documentElement.lang = wanted;
  document.body.hidden = false;
  find("#language").value = wanted;
  translate();
  if (state) draw(state);
}

function drawJump({ jump }) {
  if (!jump) return word("jump_none");
  const at = (moment) => dayAndTime(new Date(moment));
  const list = jump.news.map(({ person, count }) => `${state.people.find((each) => each.id === person)?.name} ${count}`).join(", ");
  return word(`jump_${jump.outcome}`, { before: at(jump.before), after: at(jump.after), news: list ? word("news", { list }) : word("no_news") });
}

function draw(news) {
  if (state && state.epoch !== news.epoch) {
    for (const column of columns.values()) { column.root.remove(); column.chip.remove(); }
    columns.clear();
  }
  state = news;
  if (!language) return speak(new URLSearchParams(location.search).get("language") in words ? new URLSearchParams(location.search).get("language") : news.language);
  ahead = new Date(news.now) - Date.now();
  for (const person of news.people) drawColumn(columns.get(person.id) ?? addColumn(person), person);
  if (chosen === "newest") show([...columns.values()].at(-1));
  arrange();
  tick();
  busy(news.busy);
  if (!news.busy && find("#jumped").textContent !== drawJump(news)) find("#jumped").textContent = drawJump(news);
}

function tick() {
  if (!state) return;
  const now = new Date(Date.now() + ahead), text = dayAndTime(now);
  if (find("#now").textContent !== text) find("#now").textContent = text;
  find("#now").dateTime = now.toISOString();
}

function guide(open) {
  find("#guide").hidden = !open;
  find("#help").setAttribute("aria-expanded", String(open));
}

words = await (await fetch("/sandbox/words.json")).json();
for (const button of document.querySelectorAll("[data-jump]")) button.addEventListener("click", () => button.getAttribute("aria-disabled") === "true" || jump(button));
find("#reset").addEventListener("click", reset);
find("#add").addEventListener("click", addPerson);
find("#example").addEventListener("click", writeExample);
find("#help").addEventListener("click", () => guide(find("#guide").hidden));
find("#close-guide").addEventListener("click", () => { guide(false); find("#help").focus(); });
find("#language").addEventListener("change", (event) => speak(event.target.value));
narrow.addEventListener("change", arrange);
if (narrow.matches) guide(false);
setInterval(tick, 1000);
watch();
