// The devices of citizens, the case store and the counters. Everything shown comes from /control and /demo; nothing is kept here.

import { MailProgram } from "./mail.js";

export const PLACES = [
  ["Chợ Mỹ Tho", 10.3541, 106.3655],
  ["Thành cổ Bắc Ninh", 21.1804, 106.0633],
];
const STICKER = "👍";
const ZONE = "Asia/Ho_Chi_Minh";
const RESULT =
  "Đơn vị quản lý đường bộ đã kiểm tra hiện trường và khắc phục xong trong ngày. Cảm ơn Ông/Bà đã phản ánh.";
const ICONS = {
  pin: "M12 21s7-6.2 7-11a7 7 0 1 0-14 0c0 4.8 7 11 7 11zM12 12.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5z",
  photo: "M4 6h16v12H4zM4 15l4.5-4.5L13 15l3-3 4 4M15.5 9.5h.01",
  person: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM5 20c1-4 4-5 7-5s6 1 7 5",
  voice: "M12 15a3 3 0 0 0 3-3V6a3 3 0 0 0-6 0v6a3 3 0 0 0 3 3zM6 11a6 6 0 0 0 12 0M12 17v4",
  thumb: "M7 21V10l4-7c1.5 0 2.3 1.2 2 2.7L12.3 9H18a2 2 0 0 1 2 2.4l-1.5 7A2 2 0 0 1 16.5 20H11zM3.5 10H7v11H3.5z",
  file: "M7 3h7l4 4v14H7zM14 3v5h4",
  pen: "M4 20l1-4.5L16.5 4 20 7.5 8.5 19zM14 6.5 17.5 10",
  back: "M15 5l-7 7 7 7",
  cross: "M6 6l12 12M18 6 6 18",
  menu: "M5 7h14M5 12h14M5 17h14",
  desk: "M4 5h16v11H4zM9 20h6M12 16v4",
};

export const element = (tag, attributes = {}, ...children) => {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "class") node.className = value;
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child !== null && child !== ""));
  return node;
};
export const icon = (name) => {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
};
export const ask = async (path, body) => {
  const options = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
  const answer = await fetch(path, options).catch(() => {
    throw new Error("mất kết nối với máy chủ");
  });
  const content = await answer.json();
  if (!answer.ok) throw new Error(content.error || content[0]?.description || `HTTP ${answer.status}`);
  return content;
};
export const clock = (seconds) =>
  new Date(seconds * 1000).toLocaleTimeString("vi-VN", { hour: "2-digit", minute: "2-digit", timeZone: ZONE });
export const day = (instant) =>
  new Date(instant).toLocaleDateString("vi-VN", { day: "2-digit", month: "2-digit", year: "numeric", timeZone: ZONE });
const spoken = (number) => `0${number.replace(/^84/, "")}`.replace(/^(\d{4})(\d{3})(\d+)$/, "$1 $2 $3");

// --- a phone ------------------------------------------------------------------------------

class Phone {
  constructor(panel, device, settings) {
    this.id = device.phone;
    this.platform = device.platform;
    this.idle = device.status;
    this.shown = "";
    this.tries = settings.tries;
    panel.append(document.getElementById("phone-template").content.cloneNode(true));
    this.panel = panel;
    this.at = (selector) => panel.querySelector(selector);
    this.at(".account").textContent = device.account;
    this.at(".platform").textContent = device.title;
    const input = this.at(".text");
    input.id = `text-${this.platform}`;
    this.at(".composer label").htmlFor = input.id;
    this.at(".composer").addEventListener("submit", (event) => {
      event.preventDefault();
      const text = input.value.trim();
      if (!text) return;
      input.value = "";
      this.submit(text);
    });
    this.fillTray(settings.samples);
    new ResizeObserver(() => this.scroll()).observe(this.at(".messages"));
    const attach = this.at(".attach");
    attach.addEventListener("click", () => this.toggleTray(this.at(".tray").hidden));
    panel.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !this.at(".tray").hidden) {
        this.toggleTray(false);
        attach.focus();
      }
    });
  }

  submit(text) {
    this.act("text", { text });
  }

  toggleTray(open) {
    this.at(".tray").hidden = !open;
    this.at(".attach").setAttribute("aria-expanded", String(open));
    this.scroll();
  }

  fillTray(samples) {
    const pick = (action, body) => () => {
      this.toggleTray(false);
      this.act(action, body);
    };
    const tray = this.at(".tray");
    for (const [name, title] of Object.entries(samples)) {
      const picture = element("img", { src: `/demo/samples/${name}.jpg`, alt: "" });
      tray.append(element("button", { type: "button", onclick: pick("photo", { sample: name }) }, picture, title));
    }
    const chooser = element("input", { type: "file", accept: "image/*", "aria-label": "Chọn ảnh từ máy" });
    chooser.addEventListener("change", async () => {
      const file = chooser.files[0];
      if (!file) return;
      this.toggleTray(false);
      const url = await new Promise((done) => {
        const reader = new FileReader();
        reader.addEventListener("load", () => done(reader.result));
        reader.readAsDataURL(file);
      });
      chooser.value = "";
      this.act("photo", { content: url.slice(url.indexOf(",") + 1) });
    });
    tray.append(element("label", {}, icon("photo"), "Ảnh từ máy", chooser));
    for (const [title, latitude, longitude] of PLACES) {
      const body = { latitude, longitude };
      tray.append(element("button", { type: "button", onclick: pick("location", body) }, icon("pin"), title));
    }
    tray.append(
      element("button", { type: "button", onclick: pick("contact", {}) }, icon("person"), "Số điện thoại"),
      element("button", { type: "button", onclick: pick("voice", { seconds: 6 }) }, icon("voice"), "Ghi âm 6 giây"),
      element("button", { type: "button", onclick: pick("sticker", { sticker: STICKER }) }, icon("thumb"), "Nhãn dán"),
    );
  }

  async act(action, body) {
    try {
      await ask(`/control/phones/${this.id}/${action}`, body);
    } catch (error) {
      this.say(`Chưa gửi được: ${error.message}`);
    }
    this.refresh();
  }

  say(text) {
    const alert = this.at(".alert");
    alert.textContent = text;
    alert.hidden = false;
    clearTimeout(this.alertTimer);
    this.alertTimer = setTimeout(() => (alert.hidden = true), 4000);
  }

  async refresh() {
    // One request at a time; what changes meanwhile is fetched right after.
    if (this.busy) {
      this.again = true;
      return;
    }
    this.busy = true;
    try {
      this.draw(await ask(`/control/phones/${this.id}`));
    } finally {
      this.busy = false;
    }
    if (this.again) {
      this.again = false;
      this.refresh();
    }
  }

  draw(phone) {
    this.ownNumber = phone.number;
    this.at(".owner").textContent = phone.name;
    this.at(".owner-number").textContent = spoken(phone.number);
    const face = JSON.stringify([phone.messages, phone.keyboard, phone.typing]);
    if (face === this.shown) return;
    this.shown = face;
    this.at(".status").textContent = phone.typing ? "đang soạn tin…" : this.idle;
    if (phone.alert && phone.alert !== this.lastAlert) this.say(phone.alert);
    this.lastAlert = phone.alert;
    const list = this.at(".messages");
    const focused = document.activeElement?.dataset?.key;
    list.replaceChildren(...this.lines(phone));
    const heard = phone.messages.filter((message) => message.sender !== "citizen").length;
    if (this.heard !== undefined && heard > this.heard) this.onNews?.();
    this.heard = heard;
    if (focused) list.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
    this.drawKeyboard(phone.keyboard);
    this.scroll();
  }

  lines(phone) {
    const { messages } = phone;
    return messages.length ? messages.map((message, place) => this.bubble(message, messages[place - 1])) : [this.welcome()];
  }

  welcome() {
    return element("li", { class: "welcome" }, "Nhắn tin như trên điện thoại thật. Thử một câu:",
      ...this.tries.map((text) => element("button", { type: "button", class: "try", onclick: () => this.act("text", { text }) }, text)));
  }

  drawKeyboard(rows) {
    const keyboard = this.at(".keyboard");
    keyboard.hidden = rows.length === 0;
    keyboard.replaceChildren(...rows.map((row) => element("div", { class: "row" }, ...row.map((button) =>
      element("button", { type: "button", class: "choice", onclick: () => this.act("press", { button: button.text }) },
        button.text)))));
  }

  scroll() {
    const list = this.at(".messages");
    list.scrollTop = list.scrollHeight;
  }

  bubble(message, before) {
    const twice = before && before.sender !== "citizen" && message.sender === before.sender &&
      before.text === message.text && message.text && before.kind === message.kind;
    const body = element("div", { class: "body" }, ...(message.deleted ? ["Tin nhắn đã bị xóa"] : this.content(message)));
    const meta = element("span", { class: "meta" }, clock(message.at),
      message.edited_at ? " · đã sửa" : "",
      message.sender === "citizen" ? (message.acked_at ? " · đã nhận" : " · đang gửi") : "",
      message.reactions.length ? ` · ${message.reactions.join(" ")}` : "",
      twice ? element("span", { class: "twice" }, " · lặp lại") : "");
    const classes = ["bubble", message.sender, message.kind, message.deleted ? "gone" : ""].join(" ");
    const rows = message.deleted ? [] : message.buttons;
    const item = element("li", { class: classes, "data-message": message.platform_id }, body);
    if (message.kind === "form") {
      rows.push([{ text: "Chia sẻ thông tin", kind: "form", data: "form" }]);
    }
    if (rows.length) item.append(element("div", { class: "choices" }, ...rows.map((row) => this.choices(message, row))));
    if (message.kind !== "press") item.append(meta);
    return item;
  }

  choices(message, row) {
    return element("div", { class: QUICK.has(row[0].kind) ? "row quick" : "row" }, ...row.map((button) => {
      const links = { url: button.data, phone: `tel:+${button.data}`, sms: `sms:${button.data}` };
      if (links[button.kind]) {
        return element("a", { class: "choice", href: links[button.kind], target: "_blank", rel: "noopener" }, button.text);
      }
      const press = () => button.kind === "form"
        ? this.act("info", { name: this.at(".owner").textContent, phone: this.ownNumber, city: "Đồng Tháp", ward: "Phường Đạo Thạnh", address: "45 Lý Thường Kiệt" })
        : this.act("press", { message: message.platform_id, button: button.data || button.text });
      const key = `${message.platform_id}:${button.data || button.text}`;
      return element("button", { type: "button", class: "choice", "data-key": key, onclick: press }, button.text);
    }));
  }

  content(message) {
    const parts = [];
    const { media, place, contact } = message;
    const source = media && (media.file ? `/control/files/${media.file}` : media.url);
    if (message.sender === "staff") parts.push(element("span", { class: "by" }, "Cán bộ"));
    if (message.kind === "image" && source) {
      parts.push(element("img", { src: source, alt: media.name || "Ảnh đã gửi", onload: () => this.scroll() }));
    }
    else if (message.kind === "voice") {
      parts.push(element("span", { class: "file" }, icon("voice"),
        element("span", {}, "Tin thoại", element("small", {}, `${media?.seconds || 0} giây`))));
    } else if (source && !["form", "image", "sticker"].includes(message.kind)) {
      parts.push(element("a", { class: "file", href: source, target: "_blank", rel: "noopener" }, icon("file"),
        element("span", {}, media.name || "Tệp", element("small", {}, media.size ? `${Math.ceil(media.size / 1024)} KB` : ""))));
    }
    if (place) {
      const near = PLACES.find(([, lat, lon]) => lat === place.latitude && lon === place.longitude);
      parts.push(element("span", { class: "place" }, icon("pin"), element("span", {},
        place.title || near?.[0] || "Vị trí",
        element("small", {}, `${place.latitude.toFixed(5)}, ${place.longitude.toFixed(5)}`))));
    }
    if (contact) {
      parts.push(element("span", { class: "file" }, icon("person"),
        element("span", {}, contact.name, element("small", {}, spoken(contact.number)))));
    }
    if (message.kind === "press") parts.push(`Đã bấm: ${message.text}`);
    else if (message.kind === "sticker" && message.text === STICKER) parts.push(icon("thumb"));
    else if (message.text) parts.push(element("span", { class: "text" }, ...linked(message.text)));
    return parts;
  }
}

// --- Messenger: the chat, the Page's post with what is said below it, staff in Meta's own inbox --------

// Buttons that are gone after one tap or with the next message.
const QUICK = new Set(["quick_reply", "user_phone_number", "user_email"]);
const BELOW_POST = new Set(["comment", "post"]);

class Messenger extends Phone {
  constructor(panel, device, settings) {
    super(panel, device, settings);
    this.post = settings.post;
    this.account = device.account;
    this.views = new Map([["chat", "Đoạn chat"], ["post", "Bài viết của Trang"]].map(([name, title]) =>
      [name, element("button", { type: "button", onclick: () => this.look(name) }, title)]));
    this.at(".chat-head").after(element("div", { class: "views", role: "group", "aria-label": "Phần của Trang" }, ...this.views.values()));
    this.menu = element("button", { type: "button", class: "icon", "aria-label": "Danh mục của Trang", "aria-expanded": "false",
      onclick: () => this.openMenu(this.at(".keyboard").hidden) }, icon("menu"));
    this.at(".composer").prepend(this.menu);
    this.role = element("div", { class: "role", hidden: true }, "Cán bộ viết trong hộp thư Trang",
      element("button", { type: "button", onclick: () => this.asStaff(false) }, "Thôi"));
    this.at(".composer").before(this.role);
    this.look("chat");
  }

  fillTray(samples) {
    super.fillTray(samples);
    this.at(".tray").append(element("button", { type: "button", onclick: () => this.asStaff(true) }, icon("desk"), "Cán bộ viết"));
  }

  asStaff(on) {
    this.toggleTray(false);
    this.role.hidden = !on;
    this.at(".composer .text").placeholder = on ? "Cán bộ trả lời người dân" : this.view === "post" ? "Viết bình luận" : "Nhắn tin";
    this.at(".composer .text").focus({ preventScroll: true });
  }

  submit(text) {
    if (!this.role.hidden) this.act("staff", { text });
    else this.act(this.view === "post" ? "comment" : "text", { text });
    if (!this.role.hidden) this.asStaff(false);
  }

  look(view) {
    this.view = view;
    for (const [name, button] of this.views) button.setAttribute("aria-pressed", String(name === view));
    this.views.get(view).classList.remove("news");
    this.toggleTray(false);
    this.role.hidden = true;
    this.at(".attach").hidden = view === "post";
    this.at(".composer .text").placeholder = view === "post" ? "Viết bình luận" : "Nhắn tin";
    this.panel.classList.toggle("below-post", view === "post");
    this.shown = "";
    if (this.last) this.draw(this.last);
  }

  draw(phone) {
    const known = this.last?.messages.length ?? 0;
    this.last = phone;
    for (const message of phone.messages.slice(known)) {
      const view = BELOW_POST.has(message.kind) ? "post" : "chat";
      if (known && view !== this.view && message.sender !== "citizen") this.views.get(view).classList.add("news");
    }
    super.draw(phone);
  }

  lines(phone) {
    const chat = phone.messages.filter((message) => !BELOW_POST.has(message.kind));
    if (this.view === "post") return [this.pagePost(), ...phone.messages.filter((message) => BELOW_POST.has(message.kind)).map((message) => this.comment(message, phone))];
    const newest = chat.at(-1);
    const messages = chat.map((message) => message === newest ? message
      : { ...message, buttons: message.buttons.map((row) => row.filter((button) => !QUICK.has(button.kind))).filter((row) => row.length) });
    return super.lines({ ...phone, messages });
  }

  welcome() {
    const start = element("button", { type: "button", class: "button primary begin", onclick: () => this.act("start", {}) }, "Bắt đầu");
    const item = super.welcome();
    item.append(start);
    return item;
  }

  pagePost() {
    return element("li", { class: "post" }, element("strong", {}, this.account), element("p", {}, this.post),
      element("small", {}, "Bình luận ở đây ai cũng đọc được. Trang mời vào đoạn chat để tiếp nhận."));
  }

  comment(message, phone) {
    const classes = ["comment", message.sender === "citizen" ? "" : "by-page", message.reply_to ? "below" : ""].join(" ");
    return element("li", { class: classes },
      element("div", { class: "body" }, element("strong", {}, message.sender === "citizen" ? phone.name : this.account),
        element("span", { class: "text" }, message.deleted ? "Bình luận đã bị xóa" : message.text)),
      element("span", { class: "meta" }, clock(message.at), message.edited_at ? " · đã sửa" : "", message.acked_at ? " · đã nhận" : ""));
  }

  openMenu(open) {
    this.at(".keyboard").hidden = !open;
    this.menu.setAttribute("aria-expanded", String(open));
    this.scroll();
  }

  drawKeyboard(rows) {
    const open = this.menu.getAttribute("aria-expanded") === "true" && this.view === "chat" && rows.length > 0;
    super.drawKeyboard(rows);
    this.menu.hidden = rows.length === 0 || this.view === "post";
    this.openMenu(open);
  }

  act(action, body) {
    this.openMenu(false);
    return super.act(action, body);
  }
}

export const linked = (text) => text.split(/(https?:\/\/[^\s<>]+)/).map((part, place) =>
  place % 2 ? element("a", { href: part, target: "_blank", rel: "noopener" }, part) : part);

// --- the case store -----------------------------------------------------------------------

class Store {
  constructor(settings) {
    this.known = null;
    this.act = settings.officer_act;
    this.list = document.getElementById("cases");
    this.state = document.getElementById("store-state");
    this.dialog = document.getElementById("officer");
    this.dialog.querySelector("form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.play();
    });
    document.getElementById("officer-cancel").addEventListener("click", () => this.dialog.close());
  }

  async refresh() {
    try {
      const cases = await ask("/demo/cases");
      this.state.textContent = "Cập nhật trực tiếp";
      this.draw(Array.isArray(cases) ? cases : []);
    } catch (error) {
      this.state.textContent = error.message;
      if (this.known === null) this.draw([]);
    }
  }

  draw(cases) {
    document.getElementById("count-cases").textContent = cases.length.toLocaleString("vi-VN");
    const face = JSON.stringify(cases);
    if (face === this.face) return;
    this.face = face;
    const known = this.known;
    this.known = new Set(cases.map((item) => item.service_request_id));
    const newest = [...cases].sort((a, b) => String(b.requested_datetime).localeCompare(String(a.requested_datetime)));
    const shown = newest.slice(0, 60).map((item) => this.card(item, known && !known.has(item.service_request_id)));
    this.list.replaceChildren(...(shown.length ? shown : [this.empty()]));
  }

  empty() {
    return element("li", { class: "empty" }, element("strong", {}, "Chưa có hồ sơ nào."),
      "Hồ sơ hiện ra ngay khi người dân gửi xong phản ánh.",
      element("ol", {}, element("li", {}, "Nhắn nội dung phản ánh trên một chiếc điện thoại."),
        element("li", {}, "Trả lời các câu hỏi, bấm Gửi để nhận mã số."),
        element("li", {}, "Bấm “Cán bộ xử lý trả lời” rồi xem kết quả về điện thoại.")));
  }

  card(item, fresh) {
    const closed = item.status === "closed";
    const due = item.expected_datetime && !closed ? `hạn ${day(item.expected_datetime)}` : "";
    const when = item.requested_datetime ? new Date(item.requested_datetime) : null;
    // `status_notes` is either the name of the state or what was done.
    const notes = item.status_notes || "";
    const answered = notes.length > 30;
    const title = notes && notes.length <= 30 ? notes : closed ? "Đã có kết quả" : "Đang xử lý";
    return element("li", { class: fresh ? "case new" : "case" },
      element("div", { class: "case-head" },
        element("span", { class: "case-code" }, item.service_request_id),
        element("span", { class: closed ? "chip closed" : "chip" }, title),
        when ? element("time", { datetime: item.requested_datetime },
          when.toLocaleString("vi-VN", { day: "2-digit", month: "2-digit", hour: "2-digit", minute: "2-digit", timeZone: ZONE })) : ""),
      element("p", {}, item.description || item.service_name || ""),
      item.address || item.service_name ? element("p", { class: "where" },
        [due, item.service_name, item.address, item.agency_responsible].filter(Boolean).join(" · ")) : "",
      /^https?:/.test(item.media_url || "") ? element("img", { class: "photo", src: item.media_url, alt: "Ảnh kèm theo" }) : "",
      answered ? element("p", { class: "result" }, notes) : "",
      closed ? "" : element("div", { class: "row" },
        element("button", { type: "button", class: "button small", onclick: () => this.open(item, answered) },
          answered ? "Công khai kết quả" : "Cán bộ xử lý trả lời")));
  }

  open(item, answered) {
    this.code = item.service_request_id;
    document.getElementById("officer-code").textContent = this.code;
    document.getElementById("officer-act").value = answered ? "published" : this.act;
    document.getElementById("officer-text").value = answered ? item.status_notes : RESULT;
    document.getElementById("officer-problem").hidden = true;
    this.dialog.showModal();
  }

  async play() {
    const problem = document.getElementById("officer-problem");
    try {
      const text = document.getElementById("officer-text").value;
      const to = document.getElementById("officer-act").value;
      await ask(`/demo/cases/${encodeURIComponent(this.code)}/play`, { to, text });
      this.dialog.close();
      this.refresh();
    } catch (error) {
      problem.textContent = `Kho hồ sơ chưa nhận: ${error.message}`;
      problem.hidden = false;
    }
  }
}

// --- scripted citizens and counters ---------------------------------------------------------

const FIGURES = [
  ["sent", "Đã nhắn"], ["acknowledged", "Đã xác nhận"], ["codes", "Mã hồ sơ"], ["lost", "Mất"],
  ["answered_twice", "Trả lời lặp"], ["order_violations", "Sai thứ tự"],
];

const drawRun = (run) => {
  if (!run.citizens && !run.running) return;
  document.getElementById("run").hidden = false;
  document.getElementById("run-citizens").disabled = run.running;
  document.getElementById("run-title").textContent = run.running ? "Người dân đang nhắn thử" : "Nhắn thử xong";
  document.getElementById("run-text").textContent = `${run.finished} / ${run.citizens} người đã có mã số`;
  const bar = document.getElementById("run-bar");
  bar.max = Math.max(run.citizens, 1);
  bar.value = run.finished;
  document.getElementById("run-figures").replaceChildren(...FIGURES.map(([name, title]) =>
    element("div", {}, element("dt", {}, title), element("dd", {}, String(run[name])))));
};

const refreshCounters = async (platforms) => {
  const counters = await ask("/control/counters");
  const sum = (name) => platforms.reduce((total, platform) => total + (counters[`${platform}.${name}`] || 0), 0);
  for (const [id, name] of [["citizen", "citizen"], ["acked", "acknowledged"], ["bot", "bot"]]) {
    document.getElementById(`count-${id}`).textContent = sum(name).toLocaleString("vi-VN");
  }
};

// The staff page beside the phones. It is loaded when somebody first looks at it.
const offerStaffPage = (url) => {
  const frame = document.getElementById("staff");
  document.getElementById("staff-title").hidden = false;
  const buttons = [...document.querySelectorAll(".side")];
  for (const button of buttons) {
    button.addEventListener("click", () => {
      const staff = button.dataset.side === "staff";
      if (staff && !frame.src) frame.src = url;
      frame.hidden = !staff;
      document.getElementById("cases").hidden = staff;
      for (const other of buttons) other.setAttribute("aria-pressed", String(other === button));
    });
  }
};

// --- which devices are on the table ---------------------------------------------------------

// How a platform is shown. A view has `id`, `refresh()` and `scroll()`; its constructor gets (panel, device, settings).
const VIEWS = { zalo: Phone, telegram: Phone, facebook: Messenger, email: MailProgram };
const SEATS = 2;

// A tab per device: the ones pressed last have a seat. On a narrow screen there is one seat, shared with the cases.
class Switchboard {
  constructor(settings) {
    this.stage = document.getElementById("stage");
    const nav = document.querySelector(".tabs");
    const cases = nav.querySelector('[data-tab="cases"]');
    this.open = settings.devices.slice(0, SEATS).map((device) => device.platform);
    this.tabs = new Map([["cases", cases]]);
    this.devices = settings.devices.map((device) => {
      const panel = element("section", { class: "seat", "data-panel": device.platform, "aria-label": device.label });
      this.stage.insertBefore(panel, document.querySelector(".store"));
      const tab = element("button", { type: "button", "data-tab": device.platform }, device.title);
      nav.insertBefore(tab, cases);
      this.tabs.set(device.platform, tab);
      const view = new VIEWS[device.platform](panel, device, settings);
      view.onNews = () => tab.classList.toggle("news", panel.classList.contains("away"));
      return view;
    });
    nav.classList.toggle("many", settings.devices.length > SEATS);
    for (const [name, tab] of this.tabs) tab.addEventListener("click", () => this.show(name));
    matchMedia("(max-width: 900px)").addEventListener("change", () => this.draw());
    this.stage.dataset.show = this.open[0] || "cases";
    this.draw();
  }

  show(name) {
    this.stage.dataset.show = name;
    if (name !== "cases" && !this.open.includes(name)) this.open = [...this.open, name].slice(-SEATS);
    this.draw();
    for (const device of this.devices) device.scroll();
  }

  draw() {
    const narrow = matchMedia("(max-width: 900px)").matches;
    for (const [name, tab] of this.tabs) {
      const seated = narrow ? this.stage.dataset.show === name : this.open.includes(name);
      tab.setAttribute("aria-pressed", String(seated));
      if (seated) tab.classList.remove("news");
      const panel = this.stage.querySelector(`[data-panel="${name}"]`);
      panel.classList.toggle("away", !seated && (narrow || name !== "cases"));
    }
  }
}

const begin = async () => {
  const settings = await ask("/demo/settings");
  const platforms = settings.devices.map((device) => device.platform);
  document.getElementById("channels").textContent =
    new Intl.ListFormat("vi", { type: "conjunction" }).format(settings.devices.map((device) => device.title));
  const phones = new Switchboard(settings).devices;
  const store = new Store(settings);
  if (settings.inbox_url) {
    const link = document.getElementById("inbox-link");
    link.href = settings.inbox_url;
    offerStaffPage(settings.inbox_url);
    link.hidden = false;
  }
  document.getElementById("run-citizens").addEventListener("click", async () => drawRun(await ask("/demo/citizens", { n: 20 })));

  const slow = async () => {
    await Promise.allSettled([refreshCounters(platforms), store.refresh(), ask("/demo/citizens").then(drawRun)]);
    setTimeout(slow, 1500);
  };
  const events = new EventSource("/control/events");
  events.addEventListener("open", () => phones.forEach((phone) => phone.refresh()));
  events.addEventListener("phone", (event) => phones.filter((phone) => phone.id === event.data).forEach((phone) => phone.refresh()));
  phones.forEach((phone) => phone.refresh());
  slow();
};

begin();
