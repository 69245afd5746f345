import type { Dialect } from '../model/dialect.ts';
import { LEVELS, levelOfOperator, type Node } from './expression-nodes.ts';
import { castOf, comparison, conjunction, likeOf, notOf, plainCall } from './expression-rules.ts';
import { type ExpressionToken, tokensOf } from './expression-tokens.ts';

/** Thrown and caught in this module only: the grammar does not cover the text, so it is compared as text. */
export class UnsupportedExpression extends Error {}

const TIGHT = 14;

/** Parses an expression of CHECK, DEFAULT, WHERE, GENERATED or an index (not of a query: no subselects). */
export function parseExpression(dialect: Dialect, text: string): Node {
  const parser = new Parser(tokensOf(dialect, text), dialect);
  const node = parser.expression(0);
  if (parser.peek() !== undefined) throw new UnsupportedExpression();
  return node;
}

class Parser {
  readonly #tokens: readonly ExpressionToken[];
  readonly #dialect: Dialect;
  #at = 0;

  constructor(tokens: readonly ExpressionToken[], dialect: Dialect) {
    this.#tokens = tokens;
    this.#dialect = dialect;
  }

  peek(offset = 0): ExpressionToken | undefined {
    return this.#tokens[this.#at + offset];
  }

  #next(): ExpressionToken {
    const token = this.#tokens[this.#at];
    if (token === undefined) throw new UnsupportedExpression();
    this.#at += 1;
    return token;
  }

  #takes(...texts: string[]): boolean {
    const all = texts.every((text, index) => {
      const token = this.peek(index);
      return token?.text === text && token.kind !== 'string' && token.kind !== 'name';
    });
    if (all) this.#at += texts.length;
    return all;
  }

  #expect(text: string): void {
    if (!this.#takes(text)) throw new UnsupportedExpression();
  }

  expression(level: number): Node {
    let left = this.#prefix();
    for (;;) {
      const next = this.#infix(left, level);
      if (next === undefined) return left;
      left = next;
    }
  }

  #list(end: string): Node[] {
    const items: Node[] = [];
    if (this.#takes(end)) return items;
    do items.push(this.expression(0));
    while (this.#takes(','));
    this.#expect(end);
    return items;
  }

  #prefix(): Node {
    if (this.#takes('not')) return notOf(this.expression(LEVELS.not));
    if (this.#takes('(')) {
      const items = this.#list(')');
      const [only] = items;
      return items.length === 1 && only !== undefined ? only : { kind: 'row', items };
    }
    if (this.#takes('case')) return this.#case();
    if (this.#takes('array', '[')) return { kind: 'array', items: this.#list(']') };
    if (this.#takes('cast', '(')) {
      const arg = this.expression(0);
      this.#expect('as');
      const type = this.#type();
      this.#expect(')');
      return castOf(this.#dialect, arg, type);
    }
    const token = this.#next();
    switch (token.kind) {
      case 'string':
        return { kind: 'atom', text: token.text, literal: 'string' };
      case 'number':
        return { kind: 'atom', text: token.text, literal: 'number' };
      case 'operator':
        return this.#sign(token.text);
      case 'word':
      case 'name':
        return this.#named(token);
      case 'mark':
        throw new UnsupportedExpression();
    }
  }

  #sign(operator: string): Node {
    const arg = this.expression(TIGHT - 1);
    if (operator === '+') return arg;
    if (operator === '-' && arg.kind === 'atom' && arg.literal === 'number') return { ...arg, text: `-${arg.text}` };
    return { kind: 'sign', operator, arg };
  }

  #named(first: ExpressionToken): Node {
    if (first.kind === 'word' && ['select', 'exists', 'when', 'then', 'else', 'end', 'from'].includes(first.text)) {
      throw new UnsupportedExpression();
    }
    // `interval '1 day'`, `date '2024-01-01'`: the type of a literal, as in '1 day'::interval.
    if (first.kind === 'word' && this.peek()?.kind === 'string') {
      return castOf(this.#dialect, { kind: 'atom', text: this.#next().text, literal: 'string' }, first.text);
    }
    let text = first.text;
    while (this.#takes('.')) text += `.${this.#next().text}`;
    if (this.#takes('(')) return plainCall(text, this.#arguments(), this.#tail());
    return text === 'null' ? { kind: 'atom', text, literal: 'null' } : plainCall(text, undefined, '');
  }

  #arguments(): Node[] {
    if (this.#takes('*', ')')) return [{ kind: 'atom', text: '*' }];
    const start = this.#at;
    try {
      return this.#list(')');
    } catch (error) {
      // EXTRACT(year FROM x), TRIM(BOTH …): special grammar; the words keep their order.
      if (!(error instanceof UnsupportedExpression)) throw error;
      this.#at = start;
      return [{ kind: 'atom', text: this.#untilClosed() }];
    }
  }

  #untilClosed(): string {
    const texts: string[] = [];
    for (let depth = 1; ; ) {
      const { text, kind } = this.#next();
      if (kind === 'mark' && text === '(') depth += 1;
      if (kind === 'mark' && text === ')') depth -= 1;
      if (depth === 0)
        return texts
          .join(' ')
          .replace(/::\s*\w+(?: with(?:out)? time zone)?/g, '')
          .trim();
      texts.push(text);
    }
  }

  #tail(): string {
    if (!this.#takes('filter', '(') && !this.#takes('over', '(')) return '';
    throw new UnsupportedExpression();
  }

  #case(): Node {
    const value = this.peek()?.text === 'when' ? undefined : this.expression(0);
    const branches: { when: Node; result: Node }[] = [];
    while (this.#takes('when')) {
      const when = this.expression(0);
      this.#expect('then');
      branches.push({ when, result: this.expression(0) });
    }
    const otherwise = this.#takes('else') ? this.expression(0) : undefined;
    this.#expect('end');
    return { kind: 'case', ...(value === undefined ? {} : { value }), branches, ...(otherwise ? { otherwise } : {}) };
  }

  #infix(left: Node, level: number): Node | undefined {
    const token = this.peek();
    if (token === undefined || token.kind === 'string' || token.kind === 'name' || token.kind === 'number') return;
    if (token.kind === 'mark') return this.#marked(left);
    if (token.kind === 'operator') {
      const own = levelOfOperator(token.text);
      if (own < level || (own === level && level !== 0)) return;
      this.#at += 1;
      return comparison(token.text, left, this.expression(own), own);
    }
    return this.#worded(left, level);
  }

  #marked(left: Node): Node | undefined {
    if (this.#takes('::')) return castOf(this.#dialect, left, this.#type());
    if (!this.#takes('[')) return undefined;
    const index = this.expression(0);
    this.#expect(']');
    return { kind: 'call', name: 'element', args: [left, index], tail: '' };
  }

  #worded(left: Node, level: number): Node | undefined {
    if (level < LEVELS.or && this.#takes('or')) return conjunction('or', left, this.expression(LEVELS.or));
    if (level < LEVELS.and && this.#takes('and')) return conjunction('and', left, this.expression(LEVELS.and));
    if (level < LEVELS.is && this.#takes('isnull'))
      return { kind: 'after', arg: left, text: ' is null', level: LEVELS.is };
    if (level < LEVELS.is && this.#takes('notnull'))
      return { kind: 'after', arg: left, text: ' is not null', level: LEVELS.is };
    if (level < LEVELS.is && this.#takes('is')) return this.#is(left);
    if (this.#takes('collate'))
      return { kind: 'after', arg: left, text: ` collate ${this.#next().text}`, level: TIGHT };
    if (this.#takes('at', 'time', 'zone')) return plainCall('timezone', [this.expression(LEVELS.multiply), left], '');
    if (level >= LEVELS.like) return undefined;
    const start = this.#at;
    const not = this.#takes('not');
    const node = this.#membership(left, not);
    if (node === undefined) this.#at = start;
    return node;
  }

  #is(left: Node): Node {
    const not = this.#takes('not') ? ' not' : '';
    if (this.#takes('distinct', 'from')) {
      const right = this.expression(LEVELS.is);
      return { kind: 'binary', operator: `is${not} distinct from`, left, right, level: LEVELS.is };
    }
    const word = this.#next();
    if (!['null', 'true', 'false', 'unknown'].includes(word.text)) throw new UnsupportedExpression();
    return { kind: 'after', arg: left, text: ` is${not} ${word.text}`, level: LEVELS.is };
  }

  #membership(value: Node, not: boolean): Node | undefined {
    if (this.#takes('in')) {
      this.#expect('(');
      return { kind: 'in', not, value, items: this.#list(')') };
    }
    if (this.#takes('between')) {
      const low = this.expression(LEVELS.like);
      this.#expect('and');
      const high = this.expression(LEVELS.like);
      const both = conjunction('and', comparison('>=', value, low), comparison('<=', value, high));
      return not ? notOf(both) : both;
    }
    const word = this.peek()?.text ?? '';
    if (!['like', 'ilike', 'glob', 'match', 'regexp'].includes(word)) return undefined;
    this.#at += 1;
    return likeOf(word, not, value, this.expression(LEVELS.like));
  }

  /** `numeric(10, 2)`, `character varying(20)[]`, `timestamp(3) with time zone`, `myschema.mood`. */
  #type(): string {
    let text = this.#next().text;
    while (this.#takes('.')) text += `.${this.#next().text}`;
    for (const word of ['precision', 'varying']) if (this.#takes(word)) text += ` ${word}`;
    if (this.#takes('(')) {
      text += `(${this.#list(')')
        .map((node) => (node.kind === 'atom' ? node.text : '?'))
        .join(',')})`;
    }
    for (const zone of ['with', 'without']) if (this.#takes(zone, 'time', 'zone')) text += ` ${zone} time zone`;
    while (this.#takes('[')) {
      if (this.peek()?.kind === 'number') this.#next();
      this.#expect(']');
      text += '[]';
    }
    return text;
  }
}
