/**
 * Wallets of TON, through TON Connect's SDK: the only module that knows it, and it is loaded when it is first needed.
 *
 * Owns the connection to one wallet.  What a wallet says is never a payment, and its proof is checked by the server.
 */
import type { TonConnect, Wallet, WalletInfo } from "@tonconnect/sdk";
import type { LinkWallet, Offers, TonQuote } from "../protocol/generated";
import type { Services } from "../services/services";
import { createStore, type Readable } from "../state/store";
import { friendly } from "./address";

/** TON Connect's numbers of the networks. */
const NETWORK = { mainnet: "-239", testnet: "-3" } as const;
/** Wallets refuse what is good for long. */
const SIGN_WITHIN_MS = 290_000;
/** Where the SDK keeps its session on this device. */
const SESSION = "ton-connect-storage_bridge-connection";

export interface WalletChoice {
  readonly id: string;
  readonly name: string;
  readonly iconUrl: string;
  readonly source:
    | { readonly bridgeUrl: string; readonly universalLink: string }
    | { readonly jsBridgeKey: string };
}

export interface ConnectedWallet {
  readonly name: string;
  /** Raw, as the server has it. */
  readonly address: string;
  /** Opens the wallet's app; null for one that lives in this browser. */
  readonly link: string | null;
}

export type WalletProblem = "rejected" | "wrongNetwork" | "failed";

export class WalletError extends Error {
  readonly problem: WalletProblem;

  constructor(problem: WalletProblem, cause: unknown) {
    super(problem, { cause });
    this.name = "WalletError";
    this.problem = problem;
  }
}

/** A wallet that was asked to connect. */
export interface Connecting {
  /** To open on this phone, or to scan with another; null where the wallet is in this browser. */
  readonly link: string | null;
  readonly proven: Promise<Proven>;
  stop(): void;
}

/** The proof is null where none was asked for. */
export interface Proven {
  readonly wallet: ConnectedWallet;
  readonly body: LinkWallet | null;
}

export class TonWallets {
  private readonly network: Offers["ton_network"];
  private readonly manifestUrl: string;
  private readonly returnUrl: string | null;
  private readonly store = createStore<ConnectedWallet | null>(null);
  private loading: Promise<TonConnect> | null = null;
  private sdk: typeof import("@tonconnect/sdk") | null = null;
  private infos: readonly WalletInfo[] = [];

  constructor(offers: Offers, isInTelegram: boolean) {
    this.network = offers.ton_network;
    this.manifestUrl =
      offers.wallet_manifest_url ?? new URL("/tonconnect-manifest.json", window.location.href).href;
    this.returnUrl =
      isInTelegram && offers.bot_username !== null ? `https://t.me/${offers.bot_username}` : null;
  }

  get connected(): Readable<ConnectedWallet | null> {
    return this.store;
  }

  /** Whether a wallet was connected on this device: without one nothing has to be loaded. */
  hasSession(): boolean {
    try {
      return localStorage.getItem(SESSION) !== null;
    } catch {
      return false;
    }
  }

  async restore(): Promise<void> {
    if (this.store.get() !== null || !this.hasSession()) return;
    const connector = await this.load();
    this.infos = await connector.getWallets();
    await connector.restoreConnection();
  }

  /** Those that this device can open, the one around the page first.  The list comes with the SDK where it is away. */
  async choices(): Promise<WalletChoice[]> {
    const connector = await this.load();
    this.infos = await connector.getWallets();
    const found: WalletChoice[] = [];
    for (const info of this.infos) {
      const { name, appName, imageUrl } = info;
      const common = { id: appName, name, iconUrl: imageUrl };
      if ("injected" in info && info.injected) {
        found.unshift({ ...common, source: { jsBridgeKey: info.jsBridgeKey } });
      } else if ("universalLink" in info) {
        const { bridgeUrl, universalLink } = info;
        found.push({ ...common, source: { bridgeUrl, universalLink } });
      }
    }
    return found;
  }

  /** Ask a wallet to connect, in place of the one that is; `challenge` is what it has to sign. */
  async connect(choice: WalletChoice, challenge: string | null): Promise<Connecting> {
    const connector = await this.load();
    if (connector.connected) await connector.disconnect().catch(() => undefined);
    const stop = new AbortController();
    let unsubscribe = (): void => undefined;
    const proven = new Promise<Proven>((resolve, reject) => {
      unsubscribe = connector.onStatusChange(
        (wallet) => {
          if (!wallet) return;
          unsubscribe();
          const body = challenge === null ? null : proofOf(wallet);
          if (challenge !== null && body === null) {
            void connector.disconnect().catch(() => undefined);
            reject(new WalletError("failed", "a wallet without a proof"));
            return;
          }
          resolve({ wallet: this.read(wallet), body });
        },
        (error) => {
          unsubscribe();
          reject(this.failure(error));
        },
      );
      stop.signal.addEventListener("abort", () => {
        unsubscribe();
        reject(new WalletError("rejected", "stopped"));
      });
    });
    // Whoever asked may be gone when it fails.
    proven.catch(() => undefined);
    try {
      const options = {
        signal: stop.signal,
        ...(challenge === null ? {} : { request: { tonProof: challenge } }),
      };
      const link: unknown = connector.connect(choice.source, options);
      return {
        link: typeof link === "string" ? this.withReturn(link) : null,
        proven,
        stop: () => {
          stop.abort();
        },
      };
    } catch (error) {
      unsubscribe();
      throw this.failure(error);
    }
  }

  /**
   * Ask the connected wallet to send what the quote says.  Resolves when it has signed: that is no payment yet.
   * `nowMs` is the server's clock: this device's may be wrong by hours, and what it says is over no wallet signs.
   */
  async send(
    quote: TonQuote,
    expiresMs: number,
    nowMs: number,
    onAsked: () => void,
  ): Promise<void> {
    const connector = await this.load();
    const network = quote.network === "testnet" ? "testnet" : "mainnet";
    const validUntil = Math.floor(Math.min(nowMs + SIGN_WITHIN_MS, expiresMs) / 1000);
    try {
      await connector.sendTransaction(
        {
          validUntil,
          network: NETWORK[network],
          messages: [
            {
              address: friendly(quote.address, network),
              amount: String(quote.nanoton),
              payload: quote.payload,
            },
          ],
        },
        { onRequestSent: onAsked },
      );
    } catch (error) {
      throw this.failure(error);
    }
  }

  async disconnect(): Promise<void> {
    if (this.store.get() === null && !this.hasSession()) return;
    await this.restore();
    const connector = await this.load();
    if (connector.connected) await connector.disconnect().catch(() => undefined);
  }

  private load(): Promise<TonConnect> {
    this.loading ??= this.start().catch((error: unknown) => {
      this.loading = null;
      throw error;
    });
    return this.loading;
  }

  private async start(): Promise<TonConnect> {
    this.sdk = await import("@tonconnect/sdk");
    const connector = new this.sdk.TonConnect({
      manifestUrl: this.manifestUrl,
      analytics: { mode: "off" },
      walletsRequiredFeatures: { sendTransaction: { minMessages: 1 } },
    });
    connector.setConnectionNetwork(NETWORK[this.network]);
    connector.onStatusChange((wallet) => {
      this.store.set(wallet && this.read(wallet));
    });
    return connector;
  }

  private failure(error: unknown): WalletError {
    if (error instanceof WalletError) return error;
    const isRejected = this.sdk !== null && error instanceof this.sdk.UserRejectsError;
    const isElsewhere = this.sdk !== null && error instanceof this.sdk.WalletWrongNetworkError;
    return new WalletError(
      isRejected ? "rejected" : isElsewhere ? "wrongNetwork" : "failed",
      error,
    );
  }

  private read(wallet: Wallet): ConnectedWallet {
    const info = this.infos.find(({ appName }) => appName === wallet.device.appName);
    const isHttp = wallet.provider === "http" && info !== undefined && "universalLink" in info;
    return {
      name: info?.name ?? wallet.device.appName,
      address: wallet.account.address,
      link: isHttp ? this.withReturn(info.universalLink) : null,
    };
  }

  /** So that the wallet's app leads back to where the player came from. */
  private withReturn(link: string): string {
    const url = new URL(link);
    if (url.hostname === "t.me") return link;
    url.searchParams.set("ret", this.returnUrl ?? "back");
    return url.href;
  }
}

function proofOf({ account, connectItems }: Wallet): LinkWallet | null {
  const reply = connectItems?.tonProof;
  if (!reply || !("proof" in reply) || account.publicKey === undefined) return null;
  return {
    address: account.address,
    network: account.chain,
    public_key: account.publicKey,
    state_init: account.walletStateInit,
    proof: reply.proof,
  };
}

const wallets = new WeakMap<Services, TonWallets>();

/** The one connection of this page. */
export function walletsOf(services: Services, offers: Offers): TonWallets {
  let found = wallets.get(services);
  if (!found) {
    found = new TonWallets(offers, services.telegram.isInside);
    wallets.set(services, found);
  }
  return found;
}
