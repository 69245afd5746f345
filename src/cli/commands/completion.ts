import { Argument } from 'commander';
import { defineCommand } from '../command.ts';

export const completion = defineCommand<{ shell: 'bash' | 'zsh' | 'fish' }>({
  name: 'completion',
  group: 'This tool:',
  summary: 'print a completion script for a shell',
  examples: ['source <(db-manager completion bash)', 'db-manager completion fish | source'],
  configure: (command) => command.addArgument(new Argument('<shell>').choices(['bash', 'zsh', 'fish'])),
  async action({ shell }, io, command) {
    const { placesOf } = await import('../completion/tree.ts');
    const write = {
      bash: async () => (await import('../completion/bash.ts')).bash,
      zsh: async () => (await import('../completion/zsh.ts')).zsh,
      fish: async () => (await import('../completion/fish.ts')).fish,
    }[shell];
    if (command.parent !== null) io.out((await write())(placesOf(command.parent)).trimEnd());
  },
});
