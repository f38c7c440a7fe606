"""Modules beside it, one of them imported in setup() only, and a file of another kind."""

import fal
import guarded_prompts


class Files(fal.App):
    app_files = ["prompts.txt"]
    local_python_modules = ["wheelhouse"]

    def setup(self):
        import late

        self.late = late.VALUE, guarded_prompts
