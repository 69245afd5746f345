/**
 * Writes a new version: `npm run release -- 1.2.0`. package.json and its lockfile are the one place; everything else is
 * generated from them. The changelog's Unreleased section becomes that of the version. Commits and tags nothing: it
 * prints what to type.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';

const [version = ''] = process.argv.slice(2);
const problem = whyNot(version);
if (problem !== undefined) {
  console.error(`${problem} Nothing was written.`);
  process.exit(1);
}

const changelog = readFileSync('CHANGELOG.md', 'utf8');
const today = new Date().toISOString().slice(0, 10);
execFileSync('npm', ['version', version, '--no-git-tag-version', '--ignore-scripts'], { stdio: 'ignore' });
writeFileSync('CHANGELOG.md', changelog.replace('## Unreleased\n', `## Unreleased\n\n## ${version} - ${today}\n`));
execFileSync(process.execPath, ['scripts/generate.ts'], { stdio: 'ignore' });

console.log(`${version} is written. Review it, then publish it:

  git diff
  git commit -am "Release ${version}"
  git tag -s v${version} -m ${version}
  git push origin main v${version}`);

function whyNot(wanted: string): string | undefined {
  if (!/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(wanted))
    return `"${wanted}" is not a version. Usage: npm run release -- 1.2.0.`;
  const text = readFileSync('CHANGELOG.md', 'utf8');
  if (text.includes(`## ${wanted} `)) return `CHANGELOG.md already has ${wanted}.`;
  const unreleased = /^## Unreleased\n([\s\S]*?)(?=^## |$(?![\s\S]))/m.exec(text)?.[1];
  if (!unreleased?.trim()) return 'CHANGELOG.md has nothing under Unreleased.';
  const changed = execFileSync('git', ['status', '--porcelain', '--untracked-files=no'], { encoding: 'utf8' });
  if (changed !== '') return `There are changes that are not committed:\n${changed}`;
  return undefined;
}
