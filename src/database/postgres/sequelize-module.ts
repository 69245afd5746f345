import pg, { type ClientConfig } from 'pg';
import type { PostgresTarget } from '../../core/model/target.ts';
import { guardAuthentication } from './authentication.ts';
import { noteVersion } from './driver.ts';
import { withCurrentLogin } from './login.ts';
import { applyOwnSettings } from './settings.ts';

/**
 * node-postgres for Sequelize, whose clients connect with our configuration instead of the few fields of it that
 * Sequelize passes on (it drops channel binding, `sslnegotiation` and more). They have our own settings before Sequelize
 * sends its first query, which a short `statement_timeout` of the database would stop.
 */
export function pgFor(configuration: () => ClientConfig, target: PostgresTarget): object {
  class Client extends pg.Client {
    readonly #check: () => void;

    constructor(theirs?: ClientConfig) {
      super({ ...configuration(), types: theirs?.types });
      this.#check = guardAuthentication(this, target);
      noteVersion(this);
    }

    override connect(): Promise<this>;
    override connect(callback: (error: Error) => void): void;
    override connect(callback?: (error: Error) => void): Promise<this> | undefined {
      const connected = this.#connect();
      if (callback === undefined) return connected;
      connected.then(() => callback(null as unknown as Error), callback);
      return undefined;
    }

    async #connect(): Promise<this> {
      if (target.login !== undefined) await this.#takeLogin();
      await super.connect();
      try {
        this.#check();
        await applyOwnSettings(this);
        return this;
      } catch (error) {
        await this.end().catch(() => {});
        throw error;
      }
    }

    async #takeLogin(): Promise<void> {
      const { user, password } = await withCurrentLogin(target);
      const { connectionParameters } = this as unknown as { connectionParameters: { user: string } };
      connectionParameters.user = user;
      Object.assign(this, { user, password: password?.reveal() });
    }
  }
  return Object.defineProperties({}, { ...Object.getOwnPropertyDescriptors(pg), Client: { value: Client } });
}
