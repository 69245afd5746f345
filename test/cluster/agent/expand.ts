/**
 * Kubernetes' `$(NAME)` in command, args and env values: a known name is replaced, an unknown one stays as it is, and
 * `$$` is a dollar sign that starts no name.
 */
export function expand(text: string, env: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\$\$|\$\(([A-Za-z_.-][\w.-]*)\)/g, (whole, name?: string) => {
    if (name === undefined) return '$';
    return env[name] ?? whole;
  });
}
