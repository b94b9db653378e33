/**
 * What is shown when a screen cannot be loaded or breaks: never a blank page.
 *
 * A new build may have taken the files of an old page away: loading the page again helps, and nothing is lost by it.
 */
import { Component, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { ReloadButton } from "../ui/ReloadButton";
import { Splash } from "../ui/Splash";

interface LoadFailureProps {
  readonly children: ReactNode;
}

export class LoadFailure extends Component<LoadFailureProps, { readonly hasFailed: boolean }> {
  override state = { hasFailed: false };

  static getDerivedStateFromError(): { hasFailed: boolean } {
    return { hasFailed: true };
  }

  override render(): ReactNode {
    return this.state.hasFailed ? <Broken /> : this.props.children;
  }
}

function Broken(): ReactNode {
  const { t } = useTranslation();
  return (
    <Splash text={t("connection.screenLost")}>
      <ReloadButton />
    </Splash>
  );
}
