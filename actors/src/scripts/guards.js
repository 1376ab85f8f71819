// Guarded builtins: compiled when a script first calls one of them.
// Takes the plain functions by kind and what the script may have changed since; returns the guarded functions.
// Native loops look for no deadline, so
// what is quadratic is bounded by the product of the lengths, what goes over a length by that length,
// and what compares or unfolds is written here, where every turn looks for the deadline.
(function (plain, { apply, text, keys, isArray, number, object, trunc, max, min }) {
  const strings = { __proto__: null }, lists = { __proto__: null }, json = { __proto__: null };
  const MAX_PRODUCT = 2 ** 31, MAX_LENGTH = 1e6;

  for (const name of keys(plain.strings)) {
    const native = plain.strings[name];
    strings[name] = function (what, ...rest) {
      if (this === undefined || this === null) throw new TypeError(`${name} of ${this}`);
      const own = text(this);
      if (what === undefined) return apply(native, own, name === 'split' ? [] : [what, ...rest]);
      if (typeof what === 'object' && what !== null) return apply(native, own, [what, ...rest]);
      const part = text(what);
      const many = name === 'split' || name === 'replaceAll';
      if (own.length * part.length > MAX_PRODUCT || (many && own.length > MAX_LENGTH)) throw new RangeError(`${name}: text too long`);
      return apply(native, own, [part, ...rest]);
    };
  }

  // An array whose length is bounded. What only looks like one is copied, so that its length is read once.
  const bounded = (list, name, copy) => {
    if (isArray(list)) {
      if (list.length > MAX_LENGTH) throw new RangeError(`${name}: array too long`);
      return list;
    }
    if (!copy) throw new TypeError(`${name} works on arrays only`);
    const length = number(object(list).length), out = [];
    if (length > MAX_LENGTH) throw new RangeError(`${name}: array too long`);
    for (let n = 0; n < length; n++) out[n] = list[n];
    return out;
  };
  const changing = { copyWithin: 1, fill: 1, reverse: 1, shift: 1, unshift: 1, splice: 1, sort: 1 };
  const order = (a, b) => {
    const left = text(a), right = text(b);
    return left < right ? -1 : left > right ? 1 : 0;
  };
  for (const name of keys(plain.lists)) {
    const native = plain.lists[name], copy = !(name in changing), sorts = name === 'sort' || name === 'toSorted';
    lists[name] = function (...args) {
      if (sorts && args[0] === undefined) args = [order];
      return apply(native, bounded(this, name, copy), args);
    };
  }
  json.stringify = function (value, replacer, space) {
    if (isArray(replacer)) bounded(replacer, 'stringify', false);
    return plain.json.stringify(value, replacer, space);
  };

  const from = (start, length) => {
    const n = trunc(number(start)) || 0;
    return n < 0 ? max(length + n, 0) : n;
  };
  lists.indexOf = function (item, start) {
    const { length } = this;
    for (let n = from(start, length); n < length; n++) if (this[n] === item) return n;
    return -1;
  };
  lists.lastIndexOf = function (item, start = this.length - 1) {
    const n = trunc(number(start)) || 0;
    for (let at = n < 0 ? this.length + n : min(n, this.length - 1); at >= 0; at--) if (this[at] === item) return at;
    return -1;
  };
  lists.includes = function (item, start) {
    const { length } = this;
    for (let n = from(start, length); n < length; n++) {
      if (this[n] === item || (item !== item && this[n] !== this[n])) return true;
    }
    return false;
  };
  lists.concat = function (...args) {
    const out = [];
    for (const part of [this, ...args]) {
      if (isArray(part)) for (let n = 0; n < part.length; n++) out[out.length] = part[n];
      else out[out.length] = part;
    }
    return out;
  };
  const flatten = (list, depth, out) => {
    for (let n = 0; n < list.length; n++) {
      if (!(n in list)) continue;
      if (depth > 0 && isArray(list[n])) flatten(list[n], depth - 1, out);
      else out[out.length] = list[n];
    }
    return out;
  };
  lists.flat = function (depth = 1) {
    return flatten(this, max(trunc(number(depth)) || 0, 0), []);
  };
  return { strings, lists, json };
})
