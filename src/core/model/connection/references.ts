import { ConnectionStringError } from './given.ts';

/** Names of variables are in capitals. Anything else may be what a person chose for a password: `it's $(x)`. */
const KUBERNETES = /\$\(([A-Z_][A-Z0-9_]{1,99})\)/;
const SHELL = /\$\{([A-Z_][A-Z0-9_]{1,99})(?::?[-+?=][^}]{0,200})?\}/;
const TEMPLATE = /\{\{[^{}]{0,200}\}\}/;

/** Neither a variable nor the keyword/value form is percent-decoded, so that only a URL can contain such a password. */
const inPassword = (sign: string, code: string) =>
  `If it belongs to a password, write ${sign} as ${code}, in a database URL that begins with postgres://.`;

/**
 * Throws ConnectionStringError if something that should have replaced a variable did not: the reference would be sent as
 * the password, or looked up as the host. `what` is the database URL or a variable.
 */
export function refuseReferences(text: string, what: string): void {
  const [kubernetes, name = ''] = KUBERNETES.exec(text) ?? [];
  if (kubernetes !== undefined) {
    throw new ConnectionStringError(
      `${what} contains $(${name}), which was not replaced. Kubernetes replaces $(NAME) only in env, command and args, with a variable that is defined earlier in the env of the same container. Define it above, or check its spelling. ${inPassword('$', '%24')}`,
    );
  }
  const [shell, variable = ''] = SHELL.exec(text) ?? [];
  if (shell !== undefined) {
    throw new ConnectionStringError(
      `${what} contains \${${variable}}, which was not replaced. A shell and Docker Compose replace it; Kubernetes, .env files and Secrets do not. Write the value. ${inPassword('$', '%24')}`,
    );
  }
  if (TEMPLATE.test(text)) {
    throw new ConnectionStringError(
      `${what} contains {{ … }}, which was not replaced. Render the template first. ${inPassword('{', '%7B')}`,
    );
  }
}
