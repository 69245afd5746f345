import { type CommandContext, valueLines } from './tree.ts';

/** For `source <(db-manager completion zsh)`, or a file \`_db-manager\` in a folder of \`fpath\`. */
export function zsh(places: readonly CommandContext[]): string {
  const paths = places.filter(({ path }) => path !== '').map(({ path }) => `'${path}'`);
  const described = (name: string, about: string) => `'${name.replaceAll(':', '\\:')}:${quoted(about)}'`;
  const items = places.map(({ path, commands, options }) => {
    const all = [
      ...commands.map(({ name, about }) => described(name, about)),
      ...options.flatMap(({ flags, about }) => flags.map((flag) => described(flag, about))),
    ];
    return `    '${path}') items=(${all.join(' ')}) ;;`;
  });
  const values = valueLines(
    places,
    (at, choices) => `    '${at}') ${choices.length > 0 ? `compadd ${choices.join(' ')}` : '_files'}; return ;;`,
  );
  return `#compdef db-manager
# zsh completion of db-manager; load it with: source <(db-manager completion zsh)
_db_manager() {
  local place='' next word
  local -a items
  for word in "\${(@)words[2,CURRENT-1]}"; do
    next="\${place:+$place }$word"
    case "$next" in
    ${paths.join('|')}) place=$next ;;
    esac
  done
  case "$place \${words[CURRENT-1]}" in
${values.join('\n')}
  esac
  case "$place" in
${items.join('\n')}
  esac
  _describe 'db-manager' items
}
if [ "\${funcstack[1]}" = _db_manager ]; then _db_manager; else compdef _db_manager db-manager; fi
`;
}

/** A colon would end the name, a quote the word. */
function quoted(text: string): string {
  return text.replaceAll("'", "'\\''");
}
