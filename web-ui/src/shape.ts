// Runtime shapes with inferred types: what arrives is checked once, at the edge. Fields the page does not know are passed
// over, because the interface may grow; missing or changed ones are an error that says where.

/** Reads a value or throws a `Misfit`. */
export interface Shape<T> {
  read(value: unknown, path: string): T;
  /** Paths of fields this shape does not know; for the test against the golden files. */
  unknown(value: unknown, path: string): string[];
}
export type Infer<S> = S extends Shape<infer T> ? T : never;

export class Misfit extends Error {}

const leaf = <T>(wanted: string, fits: (v: unknown) => v is T): Shape<T> => ({
  read(value, path) {
    if (!fits(value)) throw new Misfit(`${path}: ${JSON.stringify(value)} is not ${wanted}`);
    return value;
  },
  unknown: () => [],
});

export const text = leaf('a text', (v): v is string => typeof v === 'string');
export const number = leaf('a number', (v): v is number => typeof v === 'number');
export const flag = leaf('true or false', (v): v is boolean => typeof v === 'boolean');
export const one = leaf('1', (v): v is 1 => v === 1);

export function oneOf<const V extends readonly string[]>(values: V): Shape<V[number]> & { values: V } {
  const inner = leaf(`one of ${values.join(', ')}`, (v): v is V[number] => values.includes(v as string));
  return { ...inner, values };
}

export function orNull<T>(inner: Shape<T>): Shape<T | null> {
  return {
    read: (v, path) => (v === null ? null : inner.read(v, path)),
    unknown: (v, path) => (v === null ? [] : inner.unknown(v, path)),
  };
}

/** A field that may be left out. */
export function orAbsent<T>(inner: Shape<T>): Shape<T | null> {
  return {
    read: (v, path) => (v === undefined ? null : inner.read(v, path)),
    unknown: (v, path) => (v === undefined ? [] : inner.unknown(v, path)),
  };
}

export function list<T>(inner: Shape<T>): Shape<T[]> {
  return {
    read(value, path) {
      if (!Array.isArray(value)) throw new Misfit(`${path}: not a list`);
      return value.map((v, i) => inner.read(v, `${path}[${i}]`));
    },
    unknown: (value, path) => (value as unknown[]).flatMap((v, i) => inner.unknown(v, `${path}[${i}]`)),
  };
}

export function object<F extends Record<string, Shape<unknown>>>(fields: F): Shape<{ [K in keyof F]: Infer<F[K]> }> {
  return {
    read(value, path) {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Misfit(`${path}: not an object`);
      const record = value as Record<string, unknown>;
      const read = Object.entries(fields).map(([key, shape]) => [key, shape.read(record[key], `${path}.${key}`)]);
      return Object.fromEntries(read) as { [K in keyof F]: Infer<F[K]> };
    },
    unknown(value, path) {
      const record = value as Record<string, unknown>;
      const here = Object.keys(record).filter((key) => !(key in fields)).map((key) => `${path}.${key}`);
      return here.concat(Object.entries(fields).flatMap(([key, shape]) => shape.unknown(record[key], `${path}.${key}`)));
    },
  };
}
