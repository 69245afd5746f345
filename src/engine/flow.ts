/**
 * The engine: one run of a plan, as a list of steps. This file chains the steps and does not know what they do. It may
 * import core, migrations, models, backups and `database/port`; never Kubernetes code.
 *
 * The type of a flow contains what its steps add. A step can be appended only after the steps that add everything it
 * reads, so a wrong order does not compile.
 */
import { ProblemError } from '../core/model/problem.ts';
import type { StepName, StepResult } from '../core/model/step.ts';
import { failed, type Stop } from '../engine/failure.ts';
import { interruption } from './interruption.ts';
import type { RunPorts } from './ports.ts';

/** The inputs of the flow itself. */
interface AnyPorts {
  signal: AbortSignal;
}

export interface Step<In, Out extends object, Ports extends AnyPorts = RunPorts> {
  name: StepName;
  // A property, not a method: parameters of methods are bivariant, and a wrong order would compile.
  run: (input: In, ports: Ports) => Promise<StepResult<Out>>;
}

/** Callbacks of a flow: exactly one `onStart` and one `onEnd` for each step that started. */
export interface FlowListener {
  onStart(step: StepName): void;
  onEnd(step: StepName, result: StepResult<object>): void;
}

export type FlowOutcome<State> =
  | { kind: 'completed'; state: State }
  | { kind: 'stopped'; step: StepName; result: Stop; state: Partial<State> };

interface Flow<Start extends object, State extends object, Ports extends AnyPorts> {
  step<Out extends object>(next: Step<State, Out, Ports>): Flow<Start, State & Out, Ports>;
  run(start: Start, ports: Ports, listener: FlowListener): Promise<FlowOutcome<State>>;
}

/** An empty flow, with the state that is known before the first step. */
export function flow<Start extends object, Ports extends AnyPorts = RunPorts>(): Flow<Start, Start, Ports> {
  return build([]);
}

// Steps are stored without their types; `step` is the only entry point and checks them.
type AnyStep = Step<never, object, never>;

function build<Start extends object, State extends object, Ports extends AnyPorts>(
  steps: readonly AnyStep[],
): Flow<Start, State, Ports> {
  return {
    step: (next) => build([...steps, next as AnyStep]),
    run: async (start, ports, listener) => {
      const state: object = { ...start };
      for (const step of steps) {
        listener.onStart(step.name);
        const result = await attempt(step, state, ports);
        listener.onEnd(step.name, result);
        if (result.kind === 'blocked' || result.kind === 'failed') {
          Object.assign(state, result.partial);
          return { kind: 'stopped', step: step.name, result, state: state as Partial<State> };
        }
        Object.assign(state, result.value);
      }
      return { kind: 'completed', state: state as State };
    },
  };
}

async function attempt(step: AnyStep, state: object, ports: AnyPorts): Promise<StepResult<object>> {
  if (ports.signal.aborted) return failed(interruption(ports.signal, during()), { touched: false });
  try {
    return await step.run(state as never, ports as never);
  } catch (error) {
    // An error that is thrown because of an abort is not a bug in db-manager.
    const thrown =
      ports.signal.aborted && !(error instanceof ProblemError) ? interruption(ports.signal, during(step.name)) : error;
    return failed(thrown, { touched: step.name === 'apply' });
  }
}

/** Where in the flow. */
function during(step?: StepName): string {
  return step === undefined ? 'between two steps' : `during the step ${step}, which undid its unfinished work`;
}
