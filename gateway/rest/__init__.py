"""What every REST endpoint shares: how it is declared, its body, pages, the OpenAPI document, HTTP itself."""
