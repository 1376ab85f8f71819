// What every script finds: Activiti's globals, and builtins that cannot run without end in native code.
// Takes the native functions, returns the tools of the conversion. Everything it needs it takes before the script runs.
(function (native) {
  const { ask, log } = native;
  const { apply, ownKeys, defineProperty } = Reflect;
  const { isArray } = Array;
  const ProxyOf = Proxy, DateOf = Date, BigIntOf = BigInt, text = String, call = Function.prototype.call;
  const getTime = call.bind(DateOf.prototype.getTime);
  const test = call.bind(RegExp.prototype.test);
  const join = call.bind(Array.prototype.join);
  const hidden = (object, name, value) =>
    defineProperty(object, name, { value, writable: true, configurable: true, enumerable: false });

  // Errors of the process.
  function BpmnError(code, message) {
    if (!new.target) return new BpmnError(code, message);
    if (code === undefined || code === null || code === '') throw new Error('Error Code must not be empty.');
    const error = Reflect.construct(Error, [message === undefined || message === null ? text(code) : text(message)], new.target);
    hidden(error, 'code', text(code));
    thrown.add(error);
    return error;
  }
  const thrown = new WeakSet();
  const isThrown = call.bind(WeakSet.prototype.has);
  BpmnError.prototype = Object.create(Error.prototype, {
    constructor: { value: BpmnError, writable: true, configurable: true },
    name: { value: 'BpmnError', writable: true, configurable: true },
    getErrorCode: { value() { return this.code; }, writable: true, configurable: true },
    getMessage: { value() { return this.message; }, writable: true, configurable: true },
  });
  hidden(globalThis, 'BpmnError', BpmnError);
  const delegate = { delegate: { BpmnError } };
  hidden(globalThis, 'org', {
    activiti: { engine: delegate }, flowable: { engine: delegate }, camunda: { bpm: { engine: delegate } },
  });
  hidden(globalThis, 'Java', {
    type(name) {
      if (test(/^org\.(activiti|flowable|camunda\.bpm)\.engine\.delegate\.BpmnError$/, name)) return BpmnError;
      throw new TypeError(`no class ${name}`);
    },
  });

  // The objects of the engine.
  const verb = /^(get|set|is|has|add|remove|delete|create|unset|complete|claim)([A-Z]|$)/;
  const put = (object, name, args) => {
    const answer = ask(tools, object, name, args ?? null);
    if (answer.length === 1) return answer[0];
    if (answer.length === 3) throw new BpmnError(answer[2], answer[1]);
    throw new Error(answer[1]);
  };
  const engine = (object) => {
    const methods = Object.create(null);
    return new ProxyOf(Object.create(null), {
      get(_, name) {
        if (typeof name === 'symbol' || name === 'then' || name === 'toJSON') return undefined;
        if (name === 'toString' || name === 'valueOf') return () => object;
        if (name === 'execution') return execution;
        if (name === 'getExecution') return () => execution;
        if (!test(verb, name)) return put(object, name);
        return methods[name] ??= (...args) => put(object, name, args);
      },
      set(_, name, value) {
        put(object, `set${name[0].toUpperCase()}${name.slice(1)}`, [value]);
        return true;
      },
      has: (_, name) => typeof name === 'string',
      ownKeys: () => [],
    });
  };
  const execution = native.execution ? engine('execution') : undefined;
  if (native.execution) hidden(globalThis, 'execution', execution);
  if (native.task) hidden(globalThis, 'task', engine('task'));

  // Output goes to the log.
  const print = (...args) => {
    const shown = [];
    for (let n = 0; n < args.length && n < 20; n++) shown[n] = text(args[n]);
    log(join(shown, ' '));
  };
  hidden(globalThis, 'print', print);
  hidden(globalThis, 'println', print);
  hidden(globalThis, 'console', { log: print, debug: print, info: print, warn: print, error: print });

  // Methods that Java's texts and lists have and scripts for the original use.
  const strings = String.prototype, lists = Array.prototype;
  hidden(strings, 'equals', function (other) { return text(this) === other; });
  hidden(strings, 'equalsIgnoreCase', function (other) {
    return typeof other === 'string' && this.toLowerCase() === other.toLowerCase();
  });
  hidden(strings, 'contains', function (part) { return this.includes(part); });
  hidden(strings, 'isEmpty', function () { return this.length === 0; });
  hidden(lists, 'size', function () { return this.length; });
  hidden(lists, 'isEmpty', function () { return this.length === 0; });
  hidden(lists, 'contains', function (item) { return this.includes(item); });
  hidden(lists, 'get', function (index) { return this[index]; });
  hidden(lists, 'add', function (item) { this[this.length] = item; return true; });

  // Native loops look for no deadline: what is quadratic is bounded by the product of the lengths,
  {
    const max = 2 ** 31;
    for (const name of ['indexOf', 'lastIndexOf', 'includes', 'split', 'replace', 'replaceAll']) {
      const plain = strings[name];
      hidden(strings, name, function (what, ...rest) {
        if (this === undefined || this === null) throw new TypeError(`${name} of ${this}`);
        const own = text(this);
        if (what === undefined) return apply(plain, own, name === 'split' ? [] : [what, ...rest]);
        if (typeof what === 'object' && what !== null) return apply(plain, own, [what, ...rest]);
        const part = text(what);
        if (own.length * part.length > max) throw new RangeError(`${name}: text too long`);
        return apply(plain, own, [part, ...rest]);
      });
    }
  }
  // what goes over an array's length without calling the script by that length,
  {
    const max = 1e6;
    const changing = ['copyWithin', 'fill', 'reverse', 'shift', 'unshift', 'splice', 'sort'];
    const reading = ['slice', 'join', 'toReversed', 'toSpliced', 'toSorted', 'with', 'every', 'some', 'forEach', 'map', 'filter',
      'find', 'findIndex', 'findLast', 'findLastIndex', 'reduce', 'reduceRight', 'flatMap', 'toLocaleString'];
    const own = (list, name, copy) => {
      if (isArray(list)) {
        if (list.length > max) throw new RangeError(`${name}: array too long`);
        return list;
      }
      if (!copy) throw new TypeError(`${name} works on arrays only`);
      const length = Number(Object(list).length), out = [];
      if (length > max) throw new RangeError(`${name}: array too long`);
      for (let n = 0; n < length; n++) out[n] = list[n];
      return out;
    };
    const order = (a, b) => {
      const left = text(a), right = text(b);
      return left < right ? -1 : left > right ? 1 : 0;
    };
    const wrap = (name, copy) => {
      const plain = lists[name];
      const sorts = name === 'sort' || name === 'toSorted';
      hidden(lists, name, function (...args) {
        if (sorts && args[0] === undefined) args = [order];
        return apply(plain, own(this, name, copy), args);
      });
    };
    for (const name of changing) wrap(name, false);
    for (const name of reading) wrap(name, true);
    const { stringify } = JSON;
    hidden(JSON, 'stringify', function (value, replacer, space) {
      if (isArray(replacer)) own(replacer, 'stringify', false);
      return stringify(value, replacer, space);
    });
  }
  // and what compares or unfolds is written here, where every turn looks for the deadline.
  const { trunc, max, min } = Math;
  const from = (start, length) => {
    const n = trunc(Number(start)) || 0;
    return n < 0 ? max(length + n, 0) : n;
  };
  hidden(lists, 'indexOf', function (item, start) {
    const { length } = this;
    for (let n = from(start, length); n < length; n++) if (this[n] === item) return n;
    return -1;
  });
  hidden(lists, 'lastIndexOf', function (item, start = this.length - 1) {
    const n = trunc(Number(start)) || 0;
    for (let at = n < 0 ? this.length + n : min(n, this.length - 1); at >= 0; at--) if (this[at] === item) return at;
    return -1;
  });
  hidden(lists, 'includes', function (item, start) {
    const { length } = this;
    for (let n = from(start, length); n < length; n++) {
      if (this[n] === item || (item !== item && this[n] !== this[n])) return true;
    }
    return false;
  });
  hidden(lists, 'concat', function (...args) {
    const out = [];
    for (const part of [this, ...args]) {
      if (isArray(part)) for (let n = 0; n < part.length; n++) out[out.length] = part[n];
      else out[out.length] = part;
    }
    return out;
  });
  const flatten = (list, depth, out) => {
    for (let n = 0; n < list.length; n++) {
      if (!(n in list)) continue;
      if (depth > 0 && isArray(list[n])) flatten(list[n], depth - 1, out);
      else out[out.length] = list[n];
    }
    return out;
  };
  hidden(lists, 'flat', function (depth = 1) { return flatten(this, max(trunc(Number(depth)) || 0, 0), []); });

  // A proxy could change its mind between a check and its use; shared memory could block.
  for (const name of ['Proxy', 'SharedArrayBuffer', 'Atomics', 'WeakRef', 'FinalizationRegistry', 'performance']) {
    delete globalThis[name];
  }

  const tools = Object.freeze(Object.assign(Object.create(null), {
    date: (ms) => new DateOf(ms),
    bigint: (digits) => BigIntOf(digits),
    dateOf: (value) => { try { return getTime(value); } catch { return undefined; } },
    bpmnErrorOf: (value) => (typeof value === 'object' && value !== null && isThrown(thrown, value)
      ? [text(value.code), text(value.message)] : []),
  }));
  return tools;
})
