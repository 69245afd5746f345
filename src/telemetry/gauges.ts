import { Gauge, type Registry } from 'prom-client';

/** Defines gauges with one value for each of these items, read at each scrape; no value where `read` gives none. */
export function gaugesOf<Item extends { namespace: string; name: string }>(
  registers: Registry[],
  items: () => Iterable<Item>,
): (name: string, help: string, read: (item: Item) => number | undefined) => void {
  return (name, help, read) => {
    new Gauge({
      name,
      help,
      labelNames: ['namespace', 'name'],
      registers,
      collect() {
        this.reset();
        for (const item of items()) {
          const value = read(item);
          if (value !== undefined) this.set({ namespace: item.namespace, name: item.name }, value);
        }
      },
    });
  };
}
