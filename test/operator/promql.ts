/** The little that tests ask of a PromQL expression: which metrics it reads, with which labels in their braces. */

const WORDS = new Set(['and', 'or', 'unless', 'bool', 'offset', 'inf', 'nan']);
const GROUPING = /\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/g;

export interface MetricUse {
  name: string;
  labels: string[];
}

export function metricsUsed(expression: string): MetricUse[] {
  const bare = expression
    .replaceAll('$__rate_interval', '5m')
    .replace(GROUPING, ' ')
    .replace(/\[[^\]]*\]/g, ' ');
  const uses: MetricUse[] = [];
  // A function is followed by a bracket, a metric never is; a number with a unit begins with its digits.
  for (const match of bare.matchAll(/(?<![\w:"$.])([a-zA-Z_:][\w:]*)(?![\w:]|\s*\()\s*(\{[^}]*\})?/g)) {
    const [, name = '', braces = ''] = match;
    if (WORDS.has(name.toLowerCase())) continue;
    uses.push({ name, labels: [...braces.matchAll(/(\w+)\s*(?:=~|!~|!=|=)\s*"/g)].map(([, label]) => label ?? '') });
  }
  return uses;
}
