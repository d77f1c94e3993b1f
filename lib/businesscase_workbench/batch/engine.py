"""How papermill runs our notebooks: as it does by default, but written once, not at every cell."""

from pathlib import Path

from papermill.engines import NBClientEngine, NotebookExecutionManager, papermill_engines

NAME = "businesscase"


class WrittenOnce(NBClientEngine):
    """Papermill's own engine, which keeps how far the notebook came in a file when it ends."""

    @classmethod
    def execute_managed_notebook(
        cls, nb_man: NotebookExecutionManager, kernel_name: str, evidence: Path, **options
    ) -> None:
        """Run the notebook; whether it ends well or not, papermill then writes it to ``evidence``."""
        try:
            super().execute_managed_notebook(nb_man, kernel_name, **options)
        finally:
            nb_man.output_path = str(evidence)


papermill_engines.register(NAME, WrittenOnce)
