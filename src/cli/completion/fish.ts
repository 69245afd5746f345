import type { CommandContext } from './tree.ts';

/** For `db-manager completion fish | source`. */
export function fish(places: readonly CommandContext[]): string {
  const lines = places.flatMap(({ path, commands, options }) => {
    const at = `complete -c db-manager -n '__db_manager_at ${quoted(path === '' ? '""' : `"${path}"`)}'`;
    return [
      ...commands.map(({ name, about }) => `${at} -f -a ${name} -d '${quoted(about)}'`),
      ...options.map(({ flags, about, takesValue, choices }) => {
        const names = flags.map((flag) => (flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`));
        const value = !takesValue ? '' : choices.length > 0 ? ` -x -a '${choices.join(' ')}'` : ' -r';
        return `${at} ${names.join(' ')}${value} -d '${quoted(about)}'`;
      }),
    ];
  });
  const paths = places.filter(({ path }) => path !== '').map(({ path }) => `'${path}'`);
  return `# fish completion of db-manager; load it with: db-manager completion fish | source
function __db_manager_at
  set -l place ''
  for word in (commandline -opc)[2..-1]
    set -l next (string trim -- "$place $word")
    contains -- $next ${paths.join(' ')}; and set place $next
  end
  test "$place" = "$argv[1]"
end
${lines.join('\n')}
`;
}

function quoted(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll("'", "\\'");
}
