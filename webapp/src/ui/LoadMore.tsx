import { type ReactNode, useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import type { Paged } from "../api/paged-list";
import { Button } from "./Button";
import { Failed } from "./Failed";

/** How far below the screen's end the next page is asked for already. */
const AHEAD = "300px";

interface LoadMoreProps {
  readonly paged: Paged<unknown>;
  readonly onMore: () => void;
}

/** Under a list in pages: asks for the next one when its end comes near, or by a press. */
export function LoadMore({ paged, onMore }: LoadMoreProps): ReactNode {
  const { t } = useTranslation();
  const end = useRef<HTMLDivElement>(null);
  const isWaiting = !paged.isLoading && !paged.isComplete && paged.failure === null;
  useEffect(() => {
    if (!isWaiting || !end.current) return;
    const observer = new IntersectionObserver(
      (seen) => {
        if (seen.some(({ isIntersecting }) => isIntersecting)) onMore();
      },
      { rootMargin: AHEAD },
    );
    observer.observe(end.current);
    return () => {
      observer.disconnect();
    };
  }, [isWaiting, onMore]);
  if (paged.isComplete) return null;
  if (paged.failure) return <Failed message={paged.failure.message} onRetry={onMore} />;
  return (
    <div ref={end} aria-busy={paged.isLoading}>
      <Button kind="quiet" onClick={onMore} isBusy={paged.isLoading}>
        {t("pages.more")}
      </Button>
    </div>
  );
}
