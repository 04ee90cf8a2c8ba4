"use strict";

/*
 * Which rows are there, and in which order: what moves first, what is at rest next, and
 * what waits or is done as a count that opens. A folder is a group of its own. Only what
 * is seen has a row, however many files there are.
 */
(function () {
  const { Fold, MOVING, PAGE, Refusals, Row, SENDING, Section, folderOf } = window.ChunkedUploads;
  const { leave, order, present, reasonOf } = window.ChunkedUploads;

  const RESTING = ["paused", "failed", "missing", "ready"];
  const FOLDED = 3; // files of one state that are one line
  const HELD = 2500; // milliseconds that rows keep their places under a pointer at rest
  const MANY = 20; // files that wait: what passes that fast is not animated

  class List {
    /** `tools` are those of rows and folds: templates, texts, pictures. */
    constructor(element, tools) {
      this.element = element;
      this.tools = tools;
      this.sections = new Map(); // folder -> Section
      this.places = new Map(); // upload -> its Section
      this.rows = new Map(); // upload -> Row
      this.folds = new Map(); // key -> Fold or Refusals
      this.heldUntil = 0; // milliseconds, of performance.now()
      this.timer = null;
    }

    /** Keep the rows where they are for a while: somebody is about to press a button. */
    hold(render) {
      this.heldUntil = performance.now() + HELD;
      clearTimeout(this.timer);
      this.timer = setTimeout(render, HELD);
    }

    /** The pointer or the focus is gone. */
    release() {
      this.heldUntil = 0;
      clearTimeout(this.timer);
    }

    // --- what there is ---

    note(upload) {
      const folder = folderOf(upload);
      const place = this.places.get(upload);
      // The file that was given to an unfinished upload may lie in a folder.
      if (place && place.name !== folder) this.drop(upload);
      if (!this.sections.has(folder)) this.sections.set(folder, new Section(folder));
      const section = this.sections.get(folder);
      section.note(upload);
      this.places.set(upload, section);
    }

    drop(upload) {
      const section = this.places.get(upload);
      if (!section) return;
      this.places.delete(upload);
      section.drop(upload);
      if (!section.register.states.size) this.sections.delete(section.name);
    }

    uploadOf(element) {
      const found = [...this.rows].find(([, row]) => row.element === element);
      return found ? found[0] : null;
    }

    /** The uploads that a line stands for. */
    uploadsOf(element) {
      const found = [...this.folds.values()].find((each) => each.element === element);
      return found && found.uploads ? found.uploads : [];
    }

    // --- which of it is seen ---

    /** Show it all as it is; rows are drawn again where they are among `changed`. */
    render(changed) {
      const wanted = this.wanted();
      const waiting = [...this.sections.values()].reduce((sum, each) => sum + each.register.count("queued"), 0);
      this.element.toggleAttribute("data-hurried", waiting > MANY);
      const isHeld = performance.now() < this.heldUntil;
      const lines = isHeld ? this.keepPlaces(wanted) : wanted;
      lines.forEach((line) => {
        if (line instanceof Row && changed.has(line.upload)) line.render();
      });
      this.arrange(lines);
      this.element.hidden = lines.length === 0;
    }

    wanted() {
      const sections = [...this.sections.values()];
      sections.sort((one, other) => other.isMoving - one.isMoving);
      return sections.flatMap((section) => this.linesOf(section));
    }

    linesOf(section) {
      const { name } = section;
      const moving = [section.list(...SENDING), section.list("finishing"), section.list("waiting")];
      const lines = moving.flat().map((upload) => this.rowOf(upload));
      const head = name ? [this.headOf(section)] : [];
      if (name && !section.isOpen) return [...head, ...lines];
      return [
        ...head,
        ...lines,
        ...RESTING.flatMap((state) => this.some(section, state, PAGE)),
        ...this.folded(section, "queued", "queue"),
        ...this.refusals(section),
        ...this.folded(section, "complete", "done"),
      ];
    }

    headOf(section) {
      const { register, name } = section;
      const { texts } = this.tools;
      const head = this.fold(`folder ${name}`, "folder", "folder", () => {
        section.isOpen = !section.isOpen;
      });
      const values = {
        done: texts.format.number(register.count("complete")),
        count: texts.format.number(section.count),
      };
      head.render(name, texts.text("complete-of", values), section.isOpen);
      return head;
    }

    /** The first rows of a state, and a line that shows more of them. */
    some(section, state, least) {
      const uploads = section.list(state);
      const number = least + (section.shown.get(state) || 0);
      const rows = uploads.slice(0, number).map((upload) => this.rowOf(upload));
      const rest = uploads.slice(number);
      if (!rest.length) return rows;
      const more = this.fold(`more ${section.name} ${state}`, "queue", state, () => section.open(state));
      this.renderFold(more, "more-count", rest, false);
      return [...rows, more];
    }

    folded(section, state, sign) {
      const uploads = section.register.list(state);
      if (uploads.length < FOLDED || this.tools.isCompact) return this.some(section, state, PAGE);
      const { shown } = section;
      const fold = this.fold(`${section.name} ${state}`, sign, state, () => {
        if (!shown.delete(state)) section.open(state);
      });
      const isOpen = shown.has(state);
      this.renderFold(fold, state === "queued" ? "queued-count" : "done-count", uploads, isOpen);
      return isOpen ? [fold, ...this.some(section, state, 0)] : [fold];
    }

    renderFold(fold, key, uploads, isOpen) {
      const { texts } = this.tools;
      const sizes = uploads.map(({ size }) => size).filter((size) => size !== null);
      const size = sizes.reduce((sum, each) => sum + each, 0);
      fold.render(texts.count(key, uploads.length), sizes.length ? texts.format.bytes(size) : "", isOpen);
    }

    /** Identical refusals are one line. */
    refusals(section) {
      const { texts, rowTemplate } = this.tools;
      const reasons = new Map();
      section.list("refused").forEach((upload) => {
        const reason = reasonOf(upload, texts);
        if (!reasons.has(reason)) reasons.set(reason, []);
        reasons.get(reason).push(upload);
      });
      return [...reasons].map(([reason, uploads]) => {
        if (uploads.length === 1) return this.rowOf(uploads[0]);
        const key = `refused ${section.name} ${reason}`;
        if (!this.folds.has(key)) this.folds.set(key, new Refusals({ template: rowTemplate, texts }));
        const line = this.folds.get(key);
        line.render(uploads, reason);
        return line;
      });
    }

    /** Show the names of all that were not taken, and go to what is not well. */
    showProblems() {
      this.folds.forEach((fold) => {
        if (fold instanceof Refusals) fold.isOpen = true;
      });
      this.sections.forEach((section) => section.openWhere("failed", "refused", "missing"));
      this.release();
      this.render(new Set());
      const lines = [...this.rows.values(), ...this.folds.values()];
      const problem = lines
        .filter(({ element }) => ["failed", "refused", "missing"].includes(element.dataset.state))
        .sort((one, other) => (one.element.compareDocumentPosition(other.element) & 4 ? -1 : 1))[0];
      if (problem) problem.focus();
    }

    // --- the lines themselves ---

    rowOf(upload) {
      if (!this.rows.has(upload)) {
        const row = new Row(upload, this.tools);
        this.rows.set(upload, row);
      }
      return this.rows.get(upload);
    }

    fold(key, sign, state, act) {
      if (!this.folds.has(key)) {
        const press = () => {
          this.release();
          act();
          this.render(new Set());
        };
        const fold = new Fold({ template: this.tools.foldTemplate, press, sign, state });
        this.folds.set(key, fold);
      }
      return this.folds.get(key);
    }

    /** What is there stays where it is; what is new comes after it. */
    keepPlaces(wanted) {
      const lines = new Map(wanted.map((line) => [line.element, line]));
      const rows = new Map([...this.rows.values()].map((row) => [row.element, row]));
      const kept = [...this.element.children]
        .map((element) => lines.get(element) || rows.get(element))
        .filter((line) => line && (lines.has(line.element) || this.isHere(line.upload)));
      const places = new Set(kept);
      return [...kept, ...wanted.filter((line) => !places.has(line))];
    }

    isHere(upload) {
      return this.places.has(upload) && !upload.isCancelled;
    }

    arrange(lines) {
      const { element } = this;
      const focused = element.contains(document.activeElement) ? document.activeElement : null;
      const wanted = new Set(lines.map((line) => line.element));
      const before = present(element);
      const gone = before.filter((child) => !wanted.has(child));
      const lost = focused && gone.find((child) => child.contains(focused));
      const place = lost ? before.indexOf(lost) : 0;
      // What was taken away is seen to go; what is folded is in its fold.
      const taken = gone.filter((child) => this.isTaken(child));
      this.forget(wanted);
      // In a form another file stands where this one was.
      const areSeen = !this.tools.isCompact && taken.length < MANY;
      gone.forEach((child) => (areSeen && taken.includes(child) ? leave(child) : child.remove()));
      order(element, lines.map((line) => line.element), focused);
      lines.forEach(({ element: each, upload }) => {
        const tile = each.querySelector(".chunked-uploads-tile");
        if (tile && upload && upload.file) this.tools.pictures.watch(tile, upload.file);
      });
      if (lost) this.focusAt(lines, place);
    }

    isTaken(element) {
      const upload = this.uploadOf(element);
      return upload !== null && !this.isHere(upload);
    }

    /** The focus goes to what took the place, or to where files come in. */
    focusAt(lines, place) {
      const line = lines[Math.min(place, lines.length - 1)];
      if (line) line.focus();
      else this.tools.focusElsewhere();
    }

    forget(wanted) {
      this.rows.forEach((row, upload) => {
        if (wanted.has(row.element)) return;
        this.rows.delete(upload);
        if (row.find("tile")) this.tools.pictures.unwatch(row.find("tile"));
      });
      this.folds.forEach((fold, key) => {
        if (!wanted.has(fold.element)) this.folds.delete(key);
      });
    }
  }

  Object.assign(window.ChunkedUploads, { List });
})();
