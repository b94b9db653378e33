/** What the screens of money ask the server. */
import { type Ask, API } from "../api/game-api";
import {
  type Limits,
  limitsAnswerSchema,
  type LinkWallet,
  type Payment,
  paymentAnswerSchema,
  type Payments,
  paymentsSchema,
  type ProofChallenge,
  proofChallengeSchema,
  type PutLimits,
  type Statement,
  statementSchema,
  type Withdraw,
  type Withdrawal,
  withdrawalAnswerSchema,
  type Withdrawals,
  withdrawalsSchema,
  walletAnswerSchema,
} from "../protocol/generated";

export type Method = Payment["method"];

export class MoneyApi {
  private readonly ask: Ask;

  constructor(ask: Ask) {
    this.ask = ask;
  }

  async order(method: Method, stars: number, idempotencyKey: string): Promise<Payment> {
    const answer = await this.ask({
      method: "POST",
      path: `${API}/payments/${method}`,
      answer: paymentAnswerSchema,
      body: { stars },
      idempotencyKey,
    });
    return answer.payment;
  }

  payments(cursor: string | null): Promise<Payments> {
    return this.ask({
      method: "GET",
      path: `${API}/payments${page(cursor)}`,
      answer: paymentsSchema,
    });
  }

  async payment(paymentId: string): Promise<Payment> {
    const answer = await this.ask({
      method: "GET",
      path: `${API}/payments/${paymentId}`,
      answer: paymentAnswerSchema,
    });
    return answer.payment;
  }

  async cancel(paymentId: string): Promise<Payment> {
    const answer = await this.ask({
      method: "POST",
      path: `${API}/payments/${paymentId}/cancel`,
      answer: paymentAnswerSchema,
    });
    return answer.payment;
  }

  statement(cursor: string | null): Promise<Statement> {
    return this.ask({
      method: "GET",
      path: `${API}/statement${page(cursor)}`,
      answer: statementSchema,
    });
  }

  withdrawals(cursor: string | null): Promise<Withdrawals> {
    return this.ask({
      method: "GET",
      path: `${API}/withdrawals${page(cursor)}`,
      answer: withdrawalsSchema,
    });
  }

  async withdraw(body: Withdraw, idempotencyKey: string): Promise<Withdrawal> {
    const answer = await this.ask({
      method: "POST",
      path: `${API}/withdrawals`,
      answer: withdrawalAnswerSchema,
      body,
      idempotencyKey,
    });
    return answer.withdrawal;
  }

  async limits(): Promise<Limits> {
    const answer = await this.ask({
      method: "GET",
      path: `${API}/limits`,
      answer: limitsAnswerSchema,
    });
    return answer.limits;
  }

  async setLimits(body: PutLimits): Promise<Limits> {
    const answer = await this.ask({
      method: "PUT",
      path: `${API}/limits`,
      answer: limitsAnswerSchema,
      body,
    });
    return answer.limits;
  }

  /** Something for a wallet to sign; good once. */
  proof(): Promise<ProofChallenge> {
    return this.ask({
      method: "POST",
      path: `${API}/wallet/proof`,
      answer: proofChallengeSchema,
    });
  }

  async linkWallet(body: LinkWallet): Promise<void> {
    await this.ask({ method: "PUT", path: `${API}/wallet`, answer: walletAnswerSchema, body });
  }

  async unlinkWallet(): Promise<void> {
    await this.ask({ method: "DELETE", path: `${API}/wallet`, answer: walletAnswerSchema });
  }
}

function page(cursor: string | null): string {
  return cursor === null ? "" : `?${new URLSearchParams({ cursor })}`;
}
