/** What a data sheet says about one GPU (one die where a board carries two and a VM sees one). */
export interface GpuSpec {
  /** Canonical name, for example "K80" or "A100-40GB"; the same in models/gpus.json, models/fits and VM catalogues. */
  readonly name: string;
  /** Peak single-precision rate, 10¹² floating-point operations per second, without tensor cores. */
  readonly peakFp32Tflops: number;
  /** Peak rate of the GPU's own memory, 10⁹ bytes per second. */
  readonly memoryBandwidthGbPerSecond: number;
  /** Memory that one GPU carries, GiB. */
  readonly memoryGib: number;
  /** Data sheet or vendor page that the numbers come from. */
  readonly source: string;
}
