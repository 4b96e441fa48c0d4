/** What a command ends with when nothing is wrong with Berth: 1 where something else is in trouble and may recover, 2 where its user must change something. */
export class CommandFailure extends Error {
  override readonly name = "CommandFailure";
  readonly exitCode: 1 | 2;

  constructor(exitCode: 1 | 2, message: string) {
    super(message);
    this.exitCode = exitCode;
  }
}
