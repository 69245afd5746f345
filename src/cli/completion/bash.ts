import { type CommandContext, valueLines } from './tree.ts';

/** For `source <(db-manager completion bash)`. */
export function bash(places: readonly CommandContext[]): string {
  const paths = places.filter(({ path }) => path !== '').map(({ path }) => `'${path}'`);
  const words = places.map(({ path, commands, options }) => {
    const all = [...commands.map(({ name }) => name), ...options.flatMap(({ flags }) => flags)];
    return `    '${path}') words='${all.join(' ')}' ;;`;
  });
  const values = valueLines(
    places,
    (at, choices) => `    '${at}') ${choices.length > 0 ? `words='${choices.join(' ')}'` : 'return'} ;;`,
  );
  return `# bash completion of db-manager; load it with: source <(db-manager completion bash)
_db_manager() {
  local current=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} path='' next words='' at
  COMPREPLY=()
  for ((at = 1; at < COMP_CWORD; at++)); do
    next="\${path:+$path }\${COMP_WORDS[at]}"
    case "$next" in
    ${paths.join('|')}) path=$next ;;
    esac
  done
  case "$path" in
${words.join('\n')}
  esac
  # The value of an option: known words, else a file.
  case "$path $before" in
${values.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _db_manager db-manager
`;
}
