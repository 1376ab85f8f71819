// What every script finds: Activiti's globals, and stand-ins for builtins that could run without end (see guards.js).
// Takes the native functions, returns the tools of the conversion. Everything it needs it takes before the script runs.
(function (native) {
  const { ask, log } = native;
  const { apply, construct, defineProperty } = Reflect;
  const { create, keys, values } = Object;
  const ProxyOf = Proxy, DateOf = Date, BigIntOf = BigInt, text = String, call = Function.prototype.call;
  const getTime = call.bind(DateOf.prototype.getTime);
  const test = call.bind(RegExp.prototype.test);
  const hidden = (object, name, value) =>
    defineProperty(object, name, { value, writable: true, configurable: true, enumerable: false });

  // Errors of the process.
  function BpmnError(code, message) {
    if (!new.target) return new BpmnError(code, message);
    if (code === undefined || code === null || code === '') throw new Error('Error Code must not be empty.');
    const error = construct(Error, [message === undefined || message === null ? text(code) : text(message)], new.target);
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
    let line = '';
    for (let n = 0; n < args.length && n < 20; n++) line += (n > 0 ? ' ' : '') + text(args[n]);
    log(line);
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

  // The methods of Java's maps, behind their entries: an entry of the same name wins.
  const owns = call.bind(Object.prototype.hasOwnProperty);
  const maps = Object.create(Object.prototype);
  hidden(maps, 'size', function () { return keys(this).length; });
  hidden(maps, 'isEmpty', function () { return keys(this).length === 0; });
  hidden(maps, 'get', function (key) { return owns(this, key) ? this[key] : null; });
  hidden(maps, 'containsKey', function (key) { return owns(this, key); });
  hidden(maps, 'put', function (key, value) { const old = owns(this, key) ? this[key] : null; this[key] = value; return old; });
  hidden(maps, 'keySet', function () { return keys(this); });
  hidden(maps, 'values', function () { return values(this); });

  // Builtins that could run without end in native code stand for guarded ones, which are compiled when one is first called.
  const plain = { strings: Object.create(null), lists: Object.create(null), json: Object.create(null) };
  const primordials = { apply, text, keys: Object.keys, isArray: Array.isArray, number: Number, object: Object, trunc: Math.trunc,
    max: Math.max, min: Math.min };
  const evaluate = eval;
  let guarded;
  const guard = (kind, object, names) => {
    for (const name of names) {
      plain[kind][name] = object[name];
      hidden(object, name, function (...args) {
        guarded ??= evaluate(native.guards)(plain, primordials);
        return apply(guarded[kind][name], this, args);
      });
    }
  };
  guard('strings', strings, ['indexOf', 'lastIndexOf', 'includes', 'split', 'replace', 'replaceAll']);
  guard('lists', lists, ['indexOf', 'lastIndexOf', 'includes', 'concat', 'flat', 'copyWithin', 'fill', 'reverse', 'shift', 'unshift',
    'splice', 'sort', 'slice', 'join', 'toReversed', 'toSpliced', 'toSorted', 'with', 'every', 'some', 'forEach', 'map', 'filter',
    'find', 'findIndex', 'findLast', 'findLastIndex', 'reduce', 'reduceRight', 'flatMap', 'toLocaleString']);
  guard('json', JSON, ['stringify']);

  // A proxy could change its mind between a check and its use; shared memory could block.
  for (const name of ['Proxy', 'SharedArrayBuffer', 'Atomics', 'WeakRef', 'FinalizationRegistry', 'performance']) {
    delete globalThis[name];
  }

  const tools = Object.freeze(Object.assign(Object.create(null), {
    date: (ms) => new DateOf(ms),
    map: () => create(maps),
    bigint: (digits) => BigIntOf(digits),
    dateOf: (value) => { try { return getTime(value); } catch { return undefined; } },
    bpmnErrorOf: (value) => (typeof value === 'object' && value !== null && isThrown(thrown, value)
      ? [text(value.code), text(value.message)] : []),
  }));
  return tools;
})
