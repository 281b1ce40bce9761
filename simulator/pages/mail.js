// A citizen's mail program: the list of letters, one exchange of letters, and a sheet to write on.

import { PLACES, ask, clock, day, element, icon, linked } from "./app.js";

const STARTED = /^((re|fwd?|tl|trả lời)\s*:\s*)+/i;
const bare = (subject) => subject.replace(/\[#[^\]]*\]/g, "").trim().replace(STARTED, "").trim() || "(không có tiêu đề)";
const base64 = (file) => new Promise((done) => {
  const reader = new FileReader();
  reader.addEventListener("load", () => done(reader.result.slice(reader.result.indexOf(",") + 1)));
  reader.readAsDataURL(file);
});

export class MailProgram {
  constructor(panel, device, settings) {
    this.id = device.phone;
    this.office = device.account;
    this.settings = settings;
    this.messages = [];
    this.view = "list";
    this.panel = panel;
    this.title = element("strong", { class: "account" }, "Hộp thư đến");
    this.from = element("span", { class: "status" });
    this.back = this.button("Về hộp thư", "back", () => this.open("list"));
    this.pen = this.button("Viết thư mới", "pen", () => this.write(null));
    this.note = element("div", { class: "alert", role: "status", hidden: true });
    this.body = element("div", { class: "mail-body", tabindex: "0", "aria-label": "Thư" });
    this.owner = element("strong", { class: "owner" });
    this.address = element("span", { class: "owner-number" });
    panel.append(
      element("div", { class: "phone" }, element("div", { class: "screen" },
        element("header", { class: "chat-head" }, this.back, element("div", { class: "who" }, this.title, this.from), this.pen),
        this.note, this.body)),
      element("p", { class: "caption" }, this.owner, " ", this.address),
    );
    this.draw();
  }

  button(label, name, onclick) {
    return element("button", { type: "button", class: "icon", "aria-label": label, onclick }, icon(name));
  }

  scroll() {
    if (this.view !== "thread") return;
    const newest = this.body.querySelector(".letter:last-child");
    this.body.scrollTop = newest ? newest.offsetTop - this.body.offsetTop - 12 : 0;
  }

  async refresh() {
    const phone = await ask(`/control/phones/${this.id}`);
    const before = this.messages.length;
    this.owner.textContent = phone.name;
    this.address.textContent = phone.user_id;
    this.from.textContent = phone.user_id;
    const face = JSON.stringify(phone.messages);
    if (face === this.face) return;
    this.face = face;
    this.messages = phone.messages;
    if (before && this.messages.length > before) {
      this.onNews?.();
      if (this.view === "thread") ask(`/control/phones/${this.id}/seen`, {});
    }
    if (this.view !== "sheet") this.draw();
  }

  // Letters that answer each other, newest exchange first.
  threads() {
    const byId = new Map();
    const threads = [];
    for (const message of this.messages) {
      const thread = byId.get(message.reply_to) || { subject: bare(message.subject), letters: [] };
      if (!thread.letters.length) threads.push(thread);
      thread.letters.push(message);
      byId.set(message.platform_id, thread);
    }
    return threads.sort((a, b) => b.letters.at(-1).at - a.letters.at(-1).at);
  }

  open(view, thread) {
    this.view = view;
    this.root = thread?.letters[0].platform_id;
    if (view === "thread") ask(`/control/phones/${this.id}/seen`, {});
    this.draw();
  }

  draw() {
    const thread = this.threads().find((one) => one.letters[0].platform_id === this.root);
    this.back.hidden = this.view === "list";
    this.pen.hidden = this.view === "sheet";
    this.title.textContent = this.view === "thread" && thread ? thread.subject : this.view === "sheet" ? "Soạn thư" : "Hộp thư";
    if (this.view === "thread" && thread) this.drawThread(thread);
    else if (this.view === "list") this.drawList();
  }

  drawList() {
    const rows = this.threads().map((thread) => {
      const last = thread.letters.at(-1);
      const fresh = last.sender !== "citizen" && !last.seen;
      return element("li", {}, element("button", { type: "button", class: fresh ? "mail-row fresh" : "mail-row", onclick: () => this.open("thread", thread) },
        element("span", { class: "mail-who" }, last.sender === "citizen" ? `Tới: ${this.office}` : this.office,
          thread.letters.length > 1 ? ` (${thread.letters.length})` : ""),
        element("time", {}, clock(last.at)),
        element("span", { class: "mail-subject" }, thread.subject),
        element("span", { class: "mail-start" }, last.text.replace(/\s+/g, " ").slice(0, 90))));
    });
    if (rows.length) {
      this.body.replaceChildren(element("ol", { class: "mail-list" }, ...rows));
      return;
    }
    this.body.replaceChildren(element("div", { class: "welcome mail-welcome" }, "Viết thư như trên máy thật: một thư có thể nói hết mọi việc. Thử một thư:",
      ...this.settings.tries.map((text) => element("button", { type: "button", class: "try", onclick: () => this.write(null, text) }, text))));
  }

  drawThread(thread) {
    const letters = thread.letters.map((message) => element("li", { class: `letter ${message.sender}`, "data-message": message.platform_id },
      element("header", {}, element("strong", {}, message.sender === "citizen" ? "Tôi" : this.office),
        element("time", {}, `${day(message.at * 1000)} ${clock(message.at)}`),
        message.sender === "citizen" ? element("span", { class: "meta" }, message.acked_at ? "đã nhận" : "đang gửi") : ""),
      element("p", { class: "text" }, ...linked(message.text)),
      this.files(message.files)));
    const last = thread.letters.findLast((message) => message.sender !== "citizen");
    const answer = element("button", { type: "button", class: "button primary", onclick: () => this.write(last || null) },
      last ? "Trả lời" : "Viết thêm");
    this.body.replaceChildren(element("ol", { class: "letters" }, ...letters), element("div", { class: "mail-foot" }, answer));
    this.scroll();
  }

  files(files) {
    if (!files.length) return "";
    return element("div", { class: "mail-files" }, ...files.map((file) => {
      const href = `/control/files/${file.file}`;
      const shown = file.mime.startsWith("image/") ? element("img", { src: href, alt: file.name, onload: () => this.scroll() }) : icon("file");
      return element("a", { href, target: "_blank", rel: "noopener" }, shown,
        element("span", {}, file.name, element("small", {}, `${Math.ceil(file.size / 1024)} KB`)));
    }));
  }

  // --- the sheet ------------------------------------------------------------------------------

  write(answered, text = "") {
    this.view = "sheet";
    this.draw();
    const files = [];
    const hung = element("ul", { class: "mail-hung" });
    const hang = (file, title) => {
      files.push(file);
      const item = element("li", {}, title, this.button(`Bỏ ${title}`, "cross", () => {
        files.splice(files.indexOf(file), 1);
        item.remove();
      }));
      hung.append(item);
    };
    const words = text.split(/\s+/).slice(0, 8).join(" ");
    const subject = element("input", { class: "mail-line", name: "subject", maxlength: "200", placeholder: "Tiêu đề",
      value: answered ? `Re: ${bare(answered.subject)}` : words, readonly: Boolean(answered) });
    const sheet = element("textarea", { class: "mail-sheet", name: "text", maxlength: "20000", placeholder: "Nội dung thư" });
    sheet.value = text;
    const [, latitude, longitude] = PLACES[0];
    const chooser = element("input", { type: "file", accept: "image/*", "aria-label": "Chọn ảnh từ máy" });
    chooser.addEventListener("change", async () => {
      const file = chooser.files[0];
      if (file) hang({ content: await base64(file), name: file.name }, file.name);
      chooser.value = "";
    });
    const samples = Object.entries(this.settings.samples);
    const tray = element("div", { class: "mail-tray" },
      ...samples.map(([name, title]) => element("button", { type: "button", "aria-label": `Kèm ảnh ${title}`, onclick: () => hang({ sample: name, name: `${name}.jpg` }, title) },
        element("img", { src: `/demo/samples/${name}.jpg`, alt: "" }), title)),
      element("button", { type: "button", "aria-label": "Kèm ảnh có vị trí", onclick: () => hang({ sample: samples[0][0], name: "IMG_2041.jpg", at: [latitude, longitude] }, "Ảnh có vị trí") },
        icon("pin"), "Ảnh có vị trí"),
      element("label", {}, icon("photo"), "Từ máy", chooser));
    const form = element("form", { class: "mail-form" },
      element("p", { class: "mail-to" }, "Tới ", element("strong", {}, this.office)),
      element("label", { class: "mail-field" }, element("span", { class: "sr" }, "Tiêu đề"), subject),
      element("label", { class: "mail-field grow" }, element("span", { class: "sr" }, "Nội dung thư"), sheet),
      hung, tray, element("div", { class: "mail-foot" }, element("button", { type: "submit", class: "button primary" }, "Gửi thư")));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.send({ text: sheet.value.trim(), files, ...(answered ? { reply_to: answered.platform_id } : { subject: subject.value.trim(), fresh: true }) });
    });
    this.body.replaceChildren(form);
    (answered || text ? sheet : subject).focus();
  }

  async send(letter) {
    if (!letter.text && !letter.files.length) return;
    try {
      const { message } = await ask(`/control/phones/${this.id}/mail`, letter);
      this.messages = (await ask(`/control/phones/${this.id}`)).messages;
      this.open("thread", this.threads().find((one) => one.letters.some((known) => known.platform_id === message.platform_id)));
    } catch (error) {
      this.note.textContent = `Chưa gửi được: ${error.message}`;
      this.note.hidden = false;
      setTimeout(() => (this.note.hidden = true), 4000);
    }
  }
}
