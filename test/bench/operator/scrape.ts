/** The values of the operator's /metrics, by series. */
export class Scrape {
  readonly #series: [name: string, labels: string, value: number][];

  constructor(text: string) {
    this.#series = text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => {
        const [, name = '', labels = '', value = ''] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
        return [name, labels, Number(value)];
      });
  }

  sum(name: string, labels = /./): number {
    return this.#of(name, labels).reduce((total, [, , value]) => total + value, 0);
  }

  /** Requests to the API server since an earlier scrape, `verb resource` by count. */
  requestsSince(before: Scrape | undefined): Map<string, number> {
    const counts = new Map<string, number>();
    for (const [, labels, value] of this.#of('db_manager_api_requests_total', /./)) {
      const [, verb, resource] = /verb="([^"]*)",resource="([^"]*)"/.exec(labels) ?? [];
      const key = `${verb} ${resource}`;
      counts.set(
        key,
        (counts.get(key) ?? 0) + value - (before?.sum('db_manager_api_requests_total', exactly(labels)) ?? 0),
      );
    }
    return new Map([...counts].filter(([, count]) => count > 0).sort(([, a], [, b]) => b - a));
  }

  /** A quantile of a histogram over all its labels, in its own unit, as Prometheus estimates it. */
  quantile(name: string, share: number): number {
    const buckets = new Map<number, number>();
    for (const [, labels, value] of this.#of(`${name}_bucket`, /./)) {
      const bound = Number((/le="([^"]+)"/.exec(labels)?.[1] ?? '').replace('+Inf', 'Infinity'));
      buckets.set(bound, (buckets.get(bound) ?? 0) + value);
    }
    const sorted = [...buckets].sort(([a], [b]) => a - b);
    const wanted = share * (sorted.at(-1)?.[1] ?? 0);
    let [lower, below] = [0, 0];
    for (const [bound, count] of sorted) {
      if (count >= wanted)
        return bound === Infinity ? lower : lower + ((bound - lower) * (wanted - below)) / (count - below || 1);
      [lower, below] = [bound, count];
    }
    return lower;
  }

  #of(name: string, labels: RegExp): [string, string, number][] {
    return this.#series.filter((series) => series[0] === name && (series[1] === '' || labels.test(series[1])));
  }
}

function exactly(text: string): RegExp {
  return new RegExp(`^${text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`);
}
