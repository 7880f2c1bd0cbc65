def run_demo(*, port: int, as_json: bool) -> int:
    return 0
